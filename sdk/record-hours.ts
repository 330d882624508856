import type { RecordHour, RecordLink } from './record-link.ts'
import type { Step } from './step.ts'
import { contraindicate } from './step.ts'
import { hourMs, hourOf, parseInstant, toInstant } from './time.ts'

/** The hours of a chain as they are taken in, link by link: which are stated, and which are said to be missing. */
export class RecordHours {
  readonly stated: Map<number, RecordHour> = new Map()
  readonly #missing = new Set<number>()
  /** Which link spoke last about an hour. */
  readonly #by = new Map<number, string>()
  #registeredAtMs: number | null = null

  /** An hour is stated once, or missing; what is stated anew was stated before; what is of before says so. */
  take({ metadata, name, hours, gaps, periodStart }: RecordLink): readonly Step[] {
    this.#registeredAtMs ??= parseInstant(periodStart)
    for (const { from, to } of gaps) {
      for (let startMs = hourOf(parseInstant(from)); startMs < parseInstant(to); startMs += hourMs) {
        if (this.stated.has(startMs)) return [overlap(startMs)]
        this.#missing.add(startMs)
      }
    }
    const spoke = new Set(hours.map(({ startMs }) => this.#by.get(startMs)))
    for (const hour of hours) {
      const wrong = this.#judge(hour, metadata.type === 'correction')
      if (wrong !== null) return [wrong]
      this.stated.set(hour.startMs, hour)
      this.#by.set(hour.startMs, name)
    }
    if (metadata.type === 'correction') {
      const named = new Set(metadata.correction.corrects)
      if (named.size !== spoke.size || ![...named].every((each) => spoke.has(each))) {
        return [
          contraindicate(
            'corrections',
            'CORRECTION_UNKNOWN',
            'it names others than the statements it corrects',
          ),
        ]
      }
    }
    return []
  }

  #judge({ startMs, origin }: RecordHour, corrects: boolean): Step | null {
    const t = toInstant(startMs)
    if (this.stated.has(startMs) !== corrects) {
      return corrects
        ? contraindicate('hours', 'CORRECTION_UNKNOWN', `${t} was not stated before`)
        : contraindicate('hours', 'HOUR_TWICE', `${t} was stated before`)
    }
    if (this.#missing.has(startMs)) return overlap(startMs)
    const registeredAtMs = this.#registeredAtMs ?? 0
    // the hour in which it was registered is neither before nor after
    const before = startMs + hourMs <= registeredAtMs
    if ((before && origin !== 'backfilled') || (startMs >= registeredAtMs && origin === 'backfilled')) {
      return contraindicate('hours', 'BACKFILL_MISLABELLED', `${t} is said to be ${origin}`)
    }
    return null
  }
}

function overlap(startMs: number): Step {
  return contraindicate('hours', 'GAP_OVERLAP', `${toInstant(startMs)} is stated, and said to be missing`)
}
