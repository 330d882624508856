import type { Command } from 'commander'
import { examples, integerFlag } from '../command.ts'

/** The whole story in the terminal. */
export function define(command: Command): void {
  examples(command, 'perf-agg demo', 'perf-agg demo --days 7 --out my-demo')
    .option('--days <n>', 'how many days the trader trades', integerFlag('--days', 1, 60), 3)
    .option('--out <dir>', 'where the files stay for a look (perf-agg-demo)', 'perf-agg-demo')
    .option('--seed <n>', 'another market, another trader', integerFlag('--seed', 0, 4_294_967_295), 7)
    .action(async (options: { days: number; out: string; seed: number }) => {
      const { runDemo } = await import('./demo-story.ts')
      process.exitCode = await runDemo(options)
    })
}
