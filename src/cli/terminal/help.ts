import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Argument, type Command } from 'commander'
import { examples } from '../command.ts'
import { UsageError } from '../failure.ts'
import { paint, print, widthOf } from './terminal.ts'
import { renderPage } from './manual.ts'

/** The manual wherever perf-agg was installed: through `man` where there is one, plainly otherwise. */

const folder = fileURLToPath(new URL('../../../man/', import.meta.url))

export function define(command: Command): void {
  examples(command, 'perf-agg help register', 'perf-agg help protocol', 'perf-agg help statement')
    .addArgument(new Argument('[topic]', 'a command, or a topic of the manual'))
    .option('--plain', 'print the page without a pager')
    .action(async (topic: string | undefined, { plain }: { plain?: true }) => {
      if (topic === undefined) return listTopics()
      const page = findPage(topic)
      if (plain !== true && process.stdout.isTTY && (await showWithMan(page))) return
      print(renderPage(readFileSync(`${folder}${page}`, 'utf8'), widthOf()))
    })
}

/** Pages as they were shipped: `perf-agg-register.1`. */
function pages(): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.[1-8]\.md$/.test(name))
        .toSorted()
    : []
}

/** A command's page has its name; a page of the same name in a later section says which: `metrics.7`. */
function topicOf(page: string): string {
  const name = basename(page).replace(/\.md$/, '')
  const plain = name.replace(/\.[1-8]$/, '')
  const first = pages().find((one) => one.startsWith(`${plain}.`))
  return (first === page ? plain : name).replace(/^perf-agg-?/, '') || 'perf-agg'
}

function findPage(topic: string): string {
  const page = pages().find(
    (one) => topicOf(one) === topic.replace(/^perf-agg-/, '').replace(/\((\d)\)$/, '.$1'),
  )
  if (page !== undefined) return page
  throw new UsageError('TOPIC_UNKNOWN', `the manual has no page ${JSON.stringify(topic.slice(0, 40))}`, {
    hint: `there are ${pages().map(topicOf).join(', ')}`,
  })
}

function listTopics(): void {
  print(`${paint('bold', 'The manual')}: perf-agg help TOPIC\n`)
  for (const page of pages()) {
    const title = /^# .*? - (.*)$/m.exec(readFileSync(`${folder}${page}`, 'utf8'))?.[1] ?? ''
    print(`  ${topicOf(page).padEnd(12)} ${title}`)
  }
}

/** @returns whether the page was shown */
function showWithMan(page: string): Promise<boolean> {
  const roff = `${folder}${page.replace(/\.md$/, '')}`
  if (!existsSync(roff)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const child = spawn('man', [roff], { stdio: ['inherit', 'inherit', 'ignore'] })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}
