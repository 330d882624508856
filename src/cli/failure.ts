import { InputError, PerfAggError, PolicyError, UnreachableError } from '@perf-agg/sdk/errors'

/** What an exit code of perf-agg means. */
export const exitCodes = {
  done: 0,
  /** Something is broken, or what was asked for failed. */
  failed: 1,
  /** The call itself was wrong. */
  usage: 2,
  /** Sound, but not trusted by policy. */
  untrusted: 3,
  unreachable: 4,
  /** Ctrl-C at a prompt: 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const

/** The call was wrong: a flag, an argument, a combination. */
export class UsageError extends InputError {}

/** The person at the prompt went away; nothing is left to say. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return exitCodes.interrupted
  if (error instanceof UnreachableError) return exitCodes.unreachable
  if (error instanceof PolicyError) return exitCodes.untrusted
  if (error instanceof InputError) return exitCodes.usage
  return exitCodes.failed
}

/** Two lines at most: what is wrong with its code, and the way on. */
export function describeFailure(error: unknown): string {
  if (error instanceof PerfAggError) {
    const hint = error.hint === undefined ? '' : `\n  hint: ${printable(error.hint)}`
    return `perf-agg: ${printable(error.message)} (${error.code})${hint}\n`
  }
  // Not one of ours: a defect. Its text may quote what it worked on, so only its kind and place are shown.
  const kind = error instanceof Error ? error.name : typeof error
  const place = error instanceof Error ? (/\n\s+at (.*)/.exec(error.stack ?? '')?.[1] ?? '') : ''
  return `perf-agg: stopped by a defect: ${kind} ${place} (INTERNAL)\n  hint: please report it with the command you ran\n`
}

/** Text from elsewhere may hold escape sequences; a terminal never gets them. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD')
}
