import { Command, CommanderError, Option } from 'commander'
import type { Entry } from './command-list.ts'
import { UsageError } from './failure.ts'

/** The commander side of a command: the same help, the same errors for all of them. */

export async function buildCommand(entry: Entry): Promise<Command> {
  const command = new Command(entry.name)
  const { define } = await entry.load()
  await define(command.description(entry.summary))
  harden(command)
  return command
}

/** @throws {UsageError} for whatever commander does not understand */
export async function parseCommand(entry: Entry, argv: readonly string[]): Promise<void> {
  const command = await buildCommand(entry)
  try {
    await command.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return
    throw new UsageError('USAGE', messageOf(error), { hint: `perf-agg ${entry.name} --help` })
  }
}

function harden(command: Command): void {
  command
    .helpOption('-h, --help', 'this page')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ commandUsage: (one) => `perf-agg ${namesOf(one)} ${one.usage()}`.trimEnd() })
  for (const child of command.commands) harden(child)
}

function namesOf(command: Command): string {
  return command.parent === null ? command.name() : `${namesOf(command.parent)} ${command.name()}`
}

/** Commander repeats what was typed; the value of a mistyped flag may be a secret. */
function messageOf(error: CommanderError): string {
  return error.message
    .replace(/^error: /, '')
    .replace(/(--?[\w-]+)=[^']*'/, "$1=…'")
    .replace(
      /^option '([^', ]+)[^']*' argument '[^']*' is invalid\. Allowed choices are /,
      '$1 must be one of ',
    )
    .replace(
      /^command-argument value '[^']*' is invalid for argument '(\w+)'\. Allowed choices are /,
      '$1 must be one of ',
    )
    .replace(/\n\(Did you mean (.*)\?\)$/, ', did you mean $1?')
    .replace(/\.$/, '')
}

/** Examples stand first on a help page. Several lines, each a command. */
export function examples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('before', `${['Example:', ...lines.map((line) => `  $ ${line}`)].join('\n')}\n`)
}

/** `--json`, on everything that prints results. */
export function jsonFlag(): Option {
  return new Option('--json', 'print JSON for machines')
}

/** The enclave API, of every command that talks to one. */
export function serviceUrlFlag(): Option {
  return new Option('--service-url <url>', 'the enclave API')
}
/** A whole number of a flag. @throws {UsageError} */
export function integerFlag(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new UsageError('NUMBER_INVALID', `${name} must be a whole number from ${min} to ${max}`)
  }
}
