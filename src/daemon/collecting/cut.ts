import { PerfAggError } from '@perf-agg/sdk'
import type { Collectors } from './collectors.ts'

type Asked = Pick<Collectors, 'check' | 'poll' | 'candles' | 'markets'>

/** A poll that goes no further: what it brought is nobody's any more. */
export class PollCut extends PerfAggError {
  override readonly name = 'PollCut'

  constructor() {
    super('POLL_CUT', 'the session ends, its poll is given up', { action: 'stop' })
  }
}

/** The end of one poll before its time: what it waits for is given up, and it writes nothing any more. */
export class Cut {
  readonly #abort = new AbortController()
  readonly #happened: Promise<never>

  constructor() {
    this.#happened = new Promise((_, reject) => {
      this.#abort.signal.addEventListener('abort', () => reject(new PollCut()))
    })
    this.#happened.catch(() => undefined)
  }

  now(): void {
    this.#abort.abort()
  }

  /** @throws {PollCut} */
  check(): void {
    if (this.#abort.signal.aborted) throw new PollCut()
  }

  /** The exchanges, as this poll asks them: at its end their processes let go of what they hold. */
  asking(collectors: Asked): Asked {
    const { signal } = this.#abort
    const race = async <T>(work: Promise<T>): Promise<T> => {
      work.catch(() => undefined)
      const answer = await Promise.race([work, this.#happened])
      this.check()
      return answer
    }
    return {
      check: (request) => race(collectors.check(request, signal)),
      poll: (request) => race(collectors.poll(request, signal)),
      candles: (request) => race(collectors.candles(request)),
      markets: (request) => race(collectors.markets(request)),
    }
  }
}
