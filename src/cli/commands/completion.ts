import { Argument, type Command } from 'commander'
import { buildCommand, examples } from '../command.ts'
import { commandEntries } from '../command-list.ts'
import { print } from '../terminal/terminal.ts'

/** Completion scripts, made from the commands themselves so that they never lag behind. */

export function define(command: Command): void {
  examples(
    command,
    'source <(perf-agg completion bash)',
    'perf-agg completion zsh > "${fpath[1]}/_perf-agg"',
    'perf-agg completion fish > ~/.config/fish/completions/perf-agg.fish',
  )
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => print(writers[shell](await describeCommands())))
}

interface Described {
  readonly name: string
  readonly summary: string
  readonly children: readonly string[]
  readonly flags: readonly {
    readonly name: string
    readonly text: string
    readonly choices: readonly string[]
    readonly value: boolean
  }[]
}

async function describeCommands(): Promise<readonly Described[]> {
  const described: Described[] = []
  for (const entry of commandEntries) {
    const command = await buildCommand(entry)
    const all = [command, ...command.commands]
    const flags = new Map<string, Described['flags'][number]>()
    for (const option of all.flatMap(({ options }) => options)) {
      if (option.hidden || option.long === undefined || option.long === null) continue
      const value = option.required || option.optional
      flags.set(option.long, {
        name: option.long,
        text: option.description,
        choices: option.argChoices ?? [],
        value,
      })
    }
    const words = command.registeredArguments[0]?.argChoices ?? []
    described.push({
      name: entry.name,
      summary: entry.summary,
      children: [...command.commands.map((child) => child.name()), ...words],
      flags: [...flags.values(), { name: '--help', text: 'this page', choices: [], value: false }],
    })
  }
  return described
}

const writers = { bash, zsh, fish }

function bash(commands: readonly Described[]): string {
  const cases = commands.map(
    ({ name, children, flags }) =>
      `    ${name}) words="${[...children, ...flags.map((flag) => flag.name)].join(' ')}" ;;`,
  )
  const choices = commands.flatMap(({ name, flags }) =>
    flags
      .filter((flag) => flag.choices.length > 0)
      .map((flag) => `    '${name} ${flag.name}') words="${flag.choices.join(' ')}" ;;`),
  )
  return `# perf-agg for bash; load it with: source <(perf-agg completion bash)
_perf_agg() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')} --help --version"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    esac
    case "\${COMP_WORDS[1]} $before" in
${choices.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _perf_agg perf-agg`
}

function zsh(commands: readonly Described[]): string {
  const cases = commands.map(({ name, children, flags }) => {
    const specs = flags.map(({ name: flag, text, choices, value }) => {
      const values = choices.length > 0 ? `:value:(${choices.join(' ')})` : value ? ':value:_files' : ''
      return `'*${flag}[${quoteZsh(text)}]${values}'`
    })
    const words = children.length > 0 ? `'1:what:(${children.join(' ')})'` : "'*:file:_files'"
    return `    ${name}) _arguments ${[...specs, words].join(' ')} ;;`
  })
  return `#compdef perf-agg
_perf_agg() {
  if (( CURRENT == 2 )); then
    local -a commands=(${commands.map(({ name, summary }) => `'${name}:${quoteZsh(summary)}'`).join(' ')})
    _describe command commands
    return
  fi
  local name="$words[2]"
  shift words
  (( CURRENT -= 1 ))
  case "$name" in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _perf_agg ]; then _perf_agg "$@"; else compdef _perf_agg perf-agg; fi`
}

function fish(commands: readonly Described[]): string {
  const lines = ['complete -c perf-agg -n __fish_use_subcommand -f -l version']
  for (const { name, summary, children, flags } of commands) {
    const inside = `-n '__fish_seen_subcommand_from ${name}'`
    lines.push(`complete -c perf-agg -n __fish_use_subcommand -f -a ${name} -d '${quoteFish(summary)}'`)
    if (children.length > 0) lines.push(`complete -c perf-agg ${inside} -f -a '${children.join(' ')}'`)
    for (const { name: flag, text, choices, value } of flags) {
      const values = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : value ? ' -r' : ''
      lines.push(`complete -c perf-agg ${inside} -l ${flag.slice(2)}${values} -d '${quoteFish(text)}'`)
    }
  }
  return lines.join('\n')
}

/** Brackets and colons have a meaning of their own there. */
function quoteZsh(text: string): string {
  return text.replaceAll("'", '’').replaceAll(/[[\]:]/g, ' ')
}

function quoteFish(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
}
