import { paint } from './terminal.ts'
import { printable } from './failure.ts'

/** One event of the daemon. Fields are codes and figures; text of others never comes here. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export type LogFields = Readonly<Record<string, string | number | boolean | null>>

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']
const textLengthMax = 512

/** Logs on stderr: JSON lines for machines, words where a person looks. */
export function createLog(
  most: LogLevel,
  nowMs: () => number,
  stream: NodeJS.WriteStream = process.stderr,
): Log {
  return (level, event, fields = {}) => {
    if (levels.indexOf(level) > levels.indexOf(most)) return
    const time = new Date(nowMs()).toISOString()
    if (stream.isTTY) {
      const rest = Object.entries(fields).map(
        ([name, value]) => `${paint('dim', `${name}=`, stream)}${plain(value)}`,
      )
      const mark =
        level === 'error'
          ? paint('red', 'error', stream)
          : level === 'warn'
            ? paint('yellow', 'warn', stream)
            : level
      stream.write(
        `${paint('dim', time.slice(11, 19), stream)} ${mark} ${printable(event)} ${rest.join(' ')}`.trimEnd() +
          '\n',
      )
    } else {
      // JSON escapes control characters: a foreign text can start no line of its own.
      stream.write(`${JSON.stringify({ time, level, event, ...mapText(fields) })}\n`)
    }
  }
}

function plain(value: string | number | boolean | null): string {
  return printable(String(value).slice(0, textLengthMax)).replaceAll('\n', ' ')
}

function mapText(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.slice(0, textLengthMax) : value,
    ]),
  )
}
