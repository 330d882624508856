import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount, CashFlow, Position, Wallet } from '../../accounting/observation.ts'
import type { JobClock } from '../clock.ts'
import { sumOf } from '../holding.ts'
import { flowOfLine } from '../ledger-line.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { historyMsOf } from '../reach.ts'
import { walkSpans } from '../span.ts'
import { outerTransfers, type TransferLine } from '../transfer.ts'
import type { Book } from './book.ts'

/** Some lists tell of no more than a week at once. */
const spans = { spanMs: 7 * dayMs, pagesMax: 60, pagesOfSpanMax: 20 }

/** All wallets of one client that are watched, each with its own lists, of all markets at once. */
export class BitgetLedger implements LedgerSource {
  readonly historyMs: number | null
  readonly unavailable = []
  readonly #books: readonly Book[]
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>

  constructor(books: readonly Book[], clock: Pick<JobClock, 'exchangeNowMs'>, wallets: readonly Wallet[]) {
    this.#books = books
    this.#clock = clock
    this.historyMs = historyMsOf('bitget', wallets)
  }

  async balances(): Promise<readonly Amount[]> {
    const amounts: Amount[] = []
    for (const book of this.#books) amounts.push(...(await book.balances()))
    return sumOf(amounts)
  }

  async positions(): Promise<readonly Position[]> {
    const positions: Position[] = []
    for (const book of this.#books) positions.push(...((await book.positions?.()) ?? []))
    return positions
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const nowMs = this.#clock.exchangeNowMs()
    const firstMs = this.historyMs === null ? fromMs : Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(
      firstMs,
      nowMs + 1_000,
      spans,
      async (startTime, endTime, readPages) => {
        const read: unknown[] = []
        for (const book of this.#books) {
          const part = await book.span({ startTime, endTime }, thorough, readPages)
          if (part === null) return null
          read.push(part)
        }
        return read
      },
    )
    const told = []
    for (const [index, book] of this.#books.entries()) {
      told.push(await book.tell(parts.map((part) => part[index])))
    }
    const lines = told.flatMap(({ transfers }) => transfers)
    const isAlone = new Set(lines.map(({ account }) => account)).size < 2 && this.#books.length < 2
    const span = { fromMs: firstMs, toMs: cutAtMs ?? nowMs, isOpen: cutAtMs === null }
    const outer = isAlone ? { lines, pending: false } : outerTransfers(lines, span)
    return {
      fills: told.flatMap(({ fills }) => fills),
      flows: [...told.flatMap(({ flows }) => flows), ...outer.lines.map(flowOf)],
      conversions: told.flatMap(({ conversions }) => conversions),
      incomes: told.flatMap(({ incomes }) => incomes),
      entries: told.flatMap(({ entries }) => entries),
      pending: outer.pending || told.some(({ pending }) => pending),
      cutAtMs,
    }
  }
}

function flowOf(line: TransferLine): CashFlow {
  const { id, account } = line
  // each list counts for itself
  const own = account === 'spot' ? id : `${account.replaceAll(/[^\w]/g, '-')}.${id}`
  return flowOfLine({ ...line, id: own }, 'transfer')
}
