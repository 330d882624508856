import { dayMs, minuteMs } from '@perf-agg/sdk'
import type { Amount, Position, Wallet } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { sumOf } from '../holding.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import type { Listed, MarketList } from '../market-list.ts'
import { historyMsOf } from '../reach.ts'
import { eachOnce, type ReadPages, walkSpans } from '../span.ts'
import { type LedgerPart, readLedgers } from './account-ledger.ts'
import type { Contract } from './contract.ts'
import { endpoints } from './endpoint.ts'
import { type FuturesPart, FuturesWallets, noFutures } from './futures.ts'
import { MarginAccounts } from './margin.ts'
import type { Interest } from './margin-row.ts'
import { Pages } from './page.ts'
import { balancesOf, type Line } from './row.ts'
import { tellAll } from './tell.ts'

/** The main account's ledger is told a day at a time. */
const spans = { spanMs: dayMs, pagesMax: 60, pagesOfSpanMax: 20 }

export interface KucoinWatch {
  readonly caller: Calls
  readonly listings: MarketList<Listed>
  /** Loaded where they are watched. */
  readonly contracts: MarketList<Contract>
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly wallets: readonly Wallet[]
}

interface Part extends FuturesPart, LedgerPart {
  readonly interests: readonly Interest[]
}

/** The accounts of one client that are watched, their ledgers and the fills behind them. */
export class KucoinLedger implements LedgerSource {
  readonly historyMs: number
  readonly countsCash = true
  readonly rounding: string
  readonly #watch: KucoinWatch
  readonly #pages: Pages
  readonly #margin: MarginAccounts | null
  readonly #futures: FuturesWallets | null
  readonly #strange = new Set<string>()

  constructor(watch: KucoinWatch) {
    const { caller, clock, contracts, wallets } = watch
    this.#watch = watch
    this.#pages = new Pages(caller, clock)
    this.historyMs = historyMsOf('kucoin', wallets) ?? Number.POSITIVE_INFINITY
    this.#margin = wallets.includes('margin') ? new MarginAccounts(caller, this.#pages) : null
    const isFutures = wallets.includes('linear') || wallets.includes('inverse')
    this.#futures = isFutures ? new FuturesWallets(caller, this.#pages, contracts) : null
    // futures are told as numbers, ten places behind the point
    this.rounding = isFutures ? '0.00000001' : '0'
  }

  /** Contracts whose terms are told nowhere any more, and what the key may not read. */
  get unavailable(): readonly string[] {
    return [...(this.#margin?.isDenied === true ? ['margin-interest'] : []), ...this.#strange].slice(0, 16)
  }

  async balances(): Promise<readonly Amount[]> {
    const parts: Amount[] = []
    if (this.#watch.wallets.includes('spot')) {
      parts.push(...balancesOf((await this.#watch.caller.call(endpoints.accounts)).value))
    }
    parts.push(...((await this.#margin?.balances()) ?? []))
    parts.push(...((await this.#futures?.balances()) ?? []))
    return sumOf(parts)
  }

  positions(): Promise<readonly Position[]> {
    return Promise.resolve(this.#futures?.positions ?? [])
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const { clock, listings } = this.#watch
    const nowMs = clock.exchangeNowMs()
    const firstMs = Math.max(fromMs, nowMs - this.historyMs + minuteMs)
    // a second ahead: clocks differ, and what comes meanwhile is welcome
    const { parts, cutAtMs } = await walkSpans(firstMs, nowMs + 1_000, spans, (startAt, endAt, readPages) =>
      this.#span({ startAt, endAt }, thorough, readPages),
    )
    // an id is one for its account only
    const lines = new Map(
      parts.flatMap((part) => part.ledger.map((line) => [`${line.account} ${line.id}`, line] as const)),
    )
    const fills = eachOnce(parts.flatMap((part) => part.fills))
    for (const { contractId, fill } of fills) if (fill === null) this.#strange.add(contractId)
    const told = {
      lines: [...lines.values()],
      trades: eachOnce(parts.flatMap((part) => part.trades)),
      interests: eachOnce(parts.flatMap((part) => part.interests)),
      futures: {
        lines: eachOnce(parts.flatMap((part) => part.lines)),
        fills,
        fundings: eachOnce(parts.flatMap((part) => part.fundings)),
      },
    }
    const span = { fromMs: firstMs, toMs: cutAtMs ?? nowMs, isOpen: cutAtMs === null }
    return { ...tellAll(told, (id) => listings.byName(id), span), cutAtMs }
  }

  async #span(
    span: { readonly startAt: number; readonly endAt: number },
    thorough: boolean,
    readPages: ReadPages,
  ): Promise<Part | null> {
    const { wallets } = this.#watch
    const watched = { spot: wallets.includes('spot'), margin: wallets.includes('margin') }
    const part =
      watched.spot || watched.margin
        ? await readLedgers(this.#pages, watched, { span, thorough, readPages })
        : { ledger: [], trades: [] }
    if (part === null) return null
    const pairs = part.ledger.filter(isIsolated).map(({ symbol }) => symbol)
    const interests = this.#margin === null ? [] : await this.#margin.interests(span, { pairs, thorough })
    if (interests === null) return null
    const futures = this.#futures === null ? noFutures : await this.#futures.read(span, readPages)
    return futures === null ? null : { ...part, interests, ...futures }
  }
}

function isIsolated({ account, symbol }: Line): boolean {
  return account.startsWith('isolated') && symbol !== ''
}
