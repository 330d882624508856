import type { Step, Verdict } from '@perf-agg/sdk'
import { exitCodes, printable } from '../failure.ts'
import { paint, print } from './terminal.ts'

/** What was checked, one line a step, and what it comes to. */

const marks = { affirming: '✓', warning: '!', contraindicated: '✗' } as const
const colours = { affirming: 'green', warning: 'yellow', contraindicated: 'red' } as const

export function formatSteps(steps: readonly Step[], stream: NodeJS.WriteStream = process.stdout): string {
  const width = Math.max(0, ...steps.map(({ name }) => name.length))
  return steps
    .map(({ name, status, code, detail }) => {
      const suffix = status === 'affirming' ? '' : paint('dim', ` (${code})`, stream)
      return `${paint(colours[status], marks[status], stream)} ${name.padEnd(width)}  ${printable(detail)}${suffix}`
    })
    .join('\n')
}

export function printVerdict(verdict: Verdict, words: Readonly<Record<Verdict, string>>): void {
  const colour = { holds: 'green', broken: 'red', untrusted: 'yellow' } as const
  print(`\n${paint(colour[verdict], words[verdict])}`)
}

export function exitCodeOfVerdict(verdict: Verdict): number {
  return { holds: exitCodes.done, broken: exitCodes.failed, untrusted: exitCodes.untrusted }[verdict]
}
