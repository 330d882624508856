import { commandEntries, commandGroups, type Entry } from './command-list.ts'

/** The command line: finds the command, loads its file alone, turns whatever it throws into words and an exit code. */

export async function main(argv: readonly string[]): Promise<void> {
  // `perf-agg metrics | head` closes our output early: that is no failure.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(0)
    })
  }
  try {
    await dispatch(argv)
  } catch (error) {
    const { describeFailure, exitCodeOf, Interrupted } = await import('./failure.ts')
    if (!(error instanceof Interrupted)) process.stderr.write(describeFailure(error))
    process.exitCode = exitCodeOf(error)
  }
}

async function dispatch(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = argv
  if (name === undefined) {
    process.stderr.write(overview())
    process.exitCode = 2
    return
  }
  if (name === '--help' || name === '-h') {
    process.stdout.write(overview())
    return
  }
  const entry = commandEntries.find((one) => one.name === name)
  if (entry === undefined) throw await unknownCommand(name)
  if (entry.name === 'status') {
    const { runPlain } = await entry.load()
    if ((await runPlain?.(rest)) === true) return
  }
  const { parseCommand } = await import('./command.ts')
  await parseCommand(entry, rest)
}

async function unknownCommand(name: string): Promise<Error> {
  const { UsageError } = await import('./failure.ts')
  if (name.startsWith('-')) {
    return new UsageError('USAGE', 'flags come after the command', { hint: 'like: perf-agg serve --check' })
  }
  const close = commandEntries.filter((one) => isClose(one.name, name)).map((one) => one.name)
  const hint = close.length > 0 ? `did you mean ${close.join(' or ')}?` : 'perf-agg --help lists the commands'
  return new UsageError('COMMAND_UNKNOWN', `there is no command ${JSON.stringify(name.slice(0, 40))}`, {
    hint,
  })
}

/** One slip of the finger apart: a letter more, less, other, or two swapped; or the start of it. */
function isClose(known: string, typed: string): boolean {
  if (typed.length >= 3 && known.startsWith(typed)) return true
  let start = 0
  while (start < known.length && known[start] === typed[start]) start += 1
  const [a, b] = [known.slice(start), typed.slice(start)]
  return (
    a.slice(1) === b.slice(1) ||
    a === b.slice(1) ||
    a.slice(1) === b ||
    (a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2))
  )
}

/** The first page of help. Written without the argument parser, so that it is there at once. */
export function overview(): string {
  const width = Math.max(...commandEntries.map(({ name }) => name.length))
  const line = ({ name, summary }: Entry) => `  ${name.padEnd(width)}  ${summary}\n`
  const groups = commandGroups.map(({ title, commands }) => `${title}:\n${commands.map(line).join('')}`)
  return `Example:
  $ perf-agg demo
  $ perf-agg register --service-url https://enclave.example --client-id me --exchange binance --policy policy.json
  $ perf-agg metrics

Turns read-only exchange keys, sealed to an attested enclave, into a signed, verifiable track record.

Usage: perf-agg COMMAND [FLAGS]

${groups.join('\n')}
Every command: --help, and --json where it prints results. The manual: perf-agg help, perf-agg help COMMAND.
Exit codes: 0 done, 1 broken or failed, 2 usage, 3 sound but not trusted by policy, 4 unreachable.
`
}
