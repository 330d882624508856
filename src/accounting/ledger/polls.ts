import { hourOf } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'

/** A poll that read fills, flows and balances to the end. */
export interface CompletePoll {
  readonly begunAtMs: number
  readonly anchorAtMs: number
}

/** The complete polls that hours wait for: of each hour the first, which says when it could be stated. */
export class Polls {
  readonly #settlingMs: number
  #polls: CompletePoll[] = []
  /** Up to this anchor every entry is known that the exchange tells. */
  trustedMs = 0

  constructor(settlingMs: number) {
    this.#settlingMs = settlingMs
  }

  take(begunAtMs: number, anchorAtMs: number): void {
    this.trustedMs = Math.max(this.trustedMs, anchorAtMs)
    const last = this.#polls.at(-1)
    if (last !== undefined && this.#settledHour(begunAtMs) <= this.#settledHour(last.begunAtMs)) return
    this.#polls.push({ begunAtMs, anchorAtMs })
  }

  /** The hour boundary that had settled when a poll began. */
  #settledHour(begunAtMs: number): number {
    return hourOf(begunAtMs - this.#settlingMs)
  }

  /** The first poll begun after the hour that ends at `endMs` had settled. */
  firstAfter(endMs: number): CompletePoll | null {
    return (
      this.#polls.find((poll) => this.#settledHour(poll.begunAtMs) >= endMs && poll.anchorAtMs >= endMs) ??
      null
    )
  }

  /** The hour that ends at `endMs` is stated: only polls for later ones matter, but the last is never forgotten. */
  forget(endMs: number): void {
    this.#polls = this.#polls.filter(
      (poll) => this.#settledHour(poll.begunAtMs) > endMs || poll === this.#polls.at(-1),
    )
  }

  write(writer: Writer): void {
    writer.count(this.trustedMs)
    writer.list(this.#polls, (poll) => {
      writer.instant(poll.begunAtMs)
      writer.instant(poll.anchorAtMs)
    })
  }

  static read(reader: Reader, settlingMs: number): Polls {
    const polls = new Polls(settlingMs)
    polls.trustedMs = reader.count()
    polls.#polls = reader.list(() => ({ begunAtMs: reader.instant(), anchorAtMs: reader.instant() }))
    return polls
  }
}
