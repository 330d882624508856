/**
 * The daemon's log: one line an event, JSON for machines, readable on a terminal. What is logged is an event's name
 * and a few plain values; a body, a header, a session id or an error's message is never among them.
 */
export interface Log {
  error(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  debug(event: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface LogOptions {
  readonly level: LogLevel
  /** Lines for people, coloured where `colour` is set, instead of JSON. */
  readonly readable: boolean
  readonly colour?: boolean
  /** Takes one whole line with its end. */
  readonly write: (line: string) => void
  readonly nowMs: () => number
}

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']
/** A field's text, an event's name, and how many fields a line may have. */
const textLengthMax = 512
const nameLengthMax = 64
const fieldsMax = 24

export function createLog(options: LogOptions): Log {
  const loudest = levels.indexOf(options.level)
  const line = options.readable ? readableLine : jsonLine
  function logger(level: LogLevel): (event: string, fields?: LogFields) => void {
    if (levels.indexOf(level) > loudest) return () => {}
    return (event, fields = {}) => {
      options.write(line(level, options.nowMs(), event, fields, options.colour === true))
    }
  }
  return { error: logger('error'), warn: logger('warn'), info: logger('info'), debug: logger('debug') }
}

/** Takes everything and keeps nothing. */
export const silentLog: Log = { error() {}, warn() {}, info() {}, debug() {} }

function jsonLine(level: LogLevel, atMs: number, event: string, fields: LogFields): string {
  const entries = known(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? capped(value) : value,
  ])
  const whole = {
    time: new Date(atMs).toISOString(),
    level,
    event: cut(event, nameLengthMax),
    ...Object.fromEntries(entries),
  }
  return `${escapeControls(JSON.stringify(whole))}\n`
}

const colours: Readonly<Record<LogLevel, number>> = { error: 31, warn: 33, info: 36, debug: 90 }

function readableLine(
  level: LogLevel,
  atMs: number,
  event: string,
  fields: LogFields,
  colour: boolean,
): string {
  const time = new Date(atMs).toISOString().slice(11, 23)
  const name = level.padEnd(5)
  const values = known(fields).map(([field, value]) => `${escapeControls(field)}=${plain(value)}`)
  const head = colour ? `${time} \u001b[${colours[level]}m${name}\u001b[0m` : `${time} ${name}`
  return `${[head, escapeControls(cut(event, nameLengthMax)), ...values].join(' ')}\n`
}

type Entry = readonly [string, string | number | boolean | null]

function known(fields: LogFields): Entry[] {
  const entries: Entry[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || entries.length === fieldsMax) continue
    // an event's own members can't be replaced by a field
    const safe = cut(name, nameLengthMax)
    entries.push([safe === 'time' || safe === 'level' || safe === 'event' ? `${safe}Field` : safe, value])
  }
  return entries
}

function plain(value: Entry[1]): string {
  if (typeof value !== 'string') return String(value)
  const text = escapeControls(capped(value))
  return /^[^\s"=\\]+$/.test(text) ? text : escapeControls(JSON.stringify(capped(value)))
}

function capped(text: string): string {
  return cut(text, textLengthMax)
}

/** Says that something was left off, and never ends within a surrogate pair. */
function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text.toWellFormed() : `${text.slice(0, lengthMax).toWellFormed()}…`
}

/** C0, DEL, C1, line and paragraph separators, and the marks that turn a line's direction around. */
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

function escapeControls(text: string): string {
  return text.replaceAll(
    controls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * What may be told of an error that is none of ours: its class and where it was thrown. Its message may quote
 * anything, so it is left out.
 */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const at = frames
    .slice(0, 4)
    .map((line) => line.trim().slice(3))
    .join(' < ')
  return { error: error.name, code, at }
}
