import type { Reader, Writer } from './codec.ts'
import { readRules, writeRules } from './rules.ts'
import type { Rules } from './rules.ts'

/** What an account is opened with; it stays with its state. */
export interface AccountOptions {
  /**
   * From here on hours are stated: the first is the first full UTC hour that starts at or after this instant.
   * History is to be read from the start of the hour that holds this instant.
   */
  readonly openedAtMs: number
  /** Hours that start before it are `backfilled`. */
  readonly firstRegisteredAtMs: number
  /** How long after an hour's end the exchange may still write entries of that hour. */
  readonly settlingMs: number
  readonly rules: Rules
}

export function writeOptions(writer: Writer, options: AccountOptions): void {
  writer.count(options.openedAtMs)
  writer.count(options.firstRegisteredAtMs)
  writer.count(options.settlingMs)
  writeRules(writer, options.rules)
}

export function readOptions(reader: Reader): AccountOptions {
  return {
    openedAtMs: reader.count(),
    firstRegisteredAtMs: reader.count(),
    settlingMs: reader.count(),
    rules: readRules(reader),
  }
}
