import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Scripts of a terminal session: what is typed, what must come.
 *
 *     # a remark
 *     $ perf-agg keys show missing.pem       a line for the shell
 *     | stdin for it
 *     output                                  a line on stdout
 *     ! perf-agg: can't read missing.pem      a line on stderr
 *     ...                                     any lines, on the stream of the line before or after
 *     ? 2                                     the exit code, where it is not 0
 *
 * `<<.*>>` in an expected line is a regular expression; all else is literal.
 */
export interface Step {
  readonly line: number
  readonly command: string
  readonly input: string
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  readonly exitCode: number
}

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
}

const root = fileURLToPath(new URL('../../', import.meta.url))

export function readScript(text: string): Step[] {
  const steps: {
    line: number
    command: string
    input: string
    stdout: string[]
    stderr: string[]
    exitCode: number
  }[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const step = steps.at(-1)
    if (line.startsWith('$ ')) {
      steps.push({ line: index + 1, command: line.slice(2), input: '', stdout: [], stderr: [], exitCode: 0 })
    } else if (step === undefined || line.startsWith('#')) continue
    else if (line.startsWith('| ')) step.input += `${line.slice(2)}\n`
    else if (line.startsWith('! ')) step.stderr.push(line.slice(2))
    else if (line.startsWith('? ')) step.exitCode = Number(line.slice(2))
    else step.stdout.push(line)
  }
  // Empty lines between steps are for the reader.
  for (const step of steps) while (step.stdout.at(-1) === '') step.stdout.pop()
  return steps
}

/** A folder of its own with `perf-agg` on the path, and an environment that has nothing of ours or the runner's. */
export function sandbox(folder: string): Record<string, string> {
  const bin = join(folder, '.bin')
  mkdirSync(bin, { recursive: true })
  const shim = commandIn(folder)
  // The runner puts options into every child's environment; a daemon refuses them.
  writeFileSync(
    shim,
    `#!/bin/sh\nunset NODE_OPTIONS\nexec "${process.execPath}" "${root}bin/perf-agg.js" "$@"\n`,
  )
  chmodSync(shim, 0o755)
  const inherited = process.env['PATH'] ?? '/usr/bin:/bin'
  return {
    PATH: [bin, dirname(process.execPath), inherited].join(delimiter),
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_STATE_HOME: join(folder, 'state'),
    TZ: 'UTC',
    LANG: 'C.UTF-8',
  }
}

/** `perf-agg` as {@link sandbox} put it there. */
export function commandIn(folder: string): string {
  return join(folder, '.bin', 'perf-agg')
}

export function runStep(step: Step, folder: string, env: Readonly<Record<string, string>>): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', step.command], { cwd: folder, env, stdio: 'pipe' })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', (exitCode) =>
      resolve({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), exitCode }),
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(step.input)
  })
}

/** What differs, in words; null where all is as written. */
export function differenceOf(step: Step, outcome: Outcome): string | null {
  const problems = [
    ...(outcome.exitCode === step.exitCode
      ? []
      : [`exit code ${outcome.exitCode}, expected ${step.exitCode}`]),
    ...compare('stdout', step.stdout, outcome.stdout),
    ...compare('stderr', step.stderr, outcome.stderr),
  ]
  return problems.length === 0
    ? null
    : `${problems.join('\n')}\n--- stdout\n${outcome.stdout}--- stderr\n${outcome.stderr}`
}

function compare(name: string, expected: readonly string[], actual: string): string[] {
  const lines = actual === '' ? [] : actual.replace(/\n$/, '').split('\n')
  const pattern = expected
    .map((line) => (line === '...' ? '(?:[^\\n]*\\n)*' : `${escaped(line)}\\n`))
    .join('')
  const text = lines.map((line) => `${line.trimEnd()}\n`).join('')
  return new RegExp(`^${pattern}$`).test(text)
    ? []
    : [`${name} is not as written: ${JSON.stringify(expected)}`]
}

function escaped(line: string): string {
  return line
    .split(/<<(.*?)>>/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')))
    .join('')
    .trimEnd()
}

export function readScriptFile(name: string): Step[] {
  return readScript(readFileSync(new URL(`./${name}`, import.meta.url), 'utf8'))
}
