import type { Amount, Position, Wallet } from '../../accounting/observation.ts'
import type { Calls } from '../call.ts'
import type { JobClock } from '../clock.ts'
import { sumOf } from '../holding.ts'
import { flowOfLine } from '../ledger-line.ts'
import type { LedgerSource, Reading } from '../ledger-poll.ts'
import { historyMsOf } from '../reach.ts'
import { Funding } from './funding.ts'
import { isStrange, tellFunding, unnamedOf } from './funding-tell.ts'
import type { Listings } from './listings.ts'
import { conversionsOf, type Told } from './tell.ts'
import { historyMs, Trading } from './trading.ts'

export interface OkxWatch {
  readonly caller: Calls
  readonly listings: Listings
  readonly clock: Pick<JobClock, 'exchangeNowMs'>
  readonly wallets: readonly Wallet[]
}

/** The trading account, the funding account, or both as one: what goes between them is nothing then. */
export class OkxLedger implements LedgerSource {
  readonly historyMs: number | null
  readonly #clock: Pick<JobClock, 'exchangeNowMs'>
  readonly #trading: Trading | null
  readonly #funding: Funding
  readonly #hasFunding: boolean
  readonly #unknown = new Set<string>()
  #positions: readonly Position[] = []
  #accrued: readonly Amount[] = []

  constructor({ caller, listings, clock, wallets }: OkxWatch) {
    this.historyMs = historyMsOf('okx', wallets)
    this.#clock = clock
    this.#hasFunding = wallets.includes('funding')
    this.#funding = new Funding({ caller, clock })
    const watched = kindsOf(wallets)
    this.#trading = watched.size === 0 ? null : new Trading({ caller, listings, clock, watched })
  }

  /** Instruments whose terms are not known: what was filled of them is not told. */
  get unavailable(): readonly string[] {
    return [...this.#unknown].map((id) => `instrument.${id}`)
  }

  async balances(): Promise<readonly Amount[]> {
    const held = await this.#trading?.holding()
    this.#positions = held?.positions ?? []
    this.#accrued = held?.accrued ?? []
    const funding = this.#hasFunding ? await this.#funding.balances() : []
    return sumOf([...(held?.balances ?? []), ...funding])
  }

  accrued(): readonly Amount[] {
    return this.#accrued
  }

  /** Of the same reading as the balances. */
  positions(): Promise<readonly Position[]> {
    return Promise.resolve(this.#positions)
  }

  async read(fromMs: number, thorough: boolean): Promise<Reading> {
    const trading = await this.#trading?.read(fromMs, thorough, (bills) =>
      this.#funding.converted(conversionsOf(bills).left, '18'),
    )
    for (const id of trading?.unknown ?? []) this.#unknown.add(id)
    if (trading !== undefined && !this.#hasFunding) {
      const flows = [...trading.transfers.map((line) => flowOfLine(line, 'transfer')), ...trading.flows]
      return { ...readingOf(trading), flows, cutAtMs: trading.cutAtMs }
    }
    const { bills, cutAtMs: fundingCutAtMs } = await this.#funding.read(fromMs)
    const unnamed = unnamedOf(bills)
    const converted = await this.#funding.converted(unnamed, '6')
    const passages = await this.#funding.passages(unnamed.filter(isStrange))
    const nowMs = this.#clock.exchangeNowMs()
    const cuts = [trading?.cutAtMs ?? null, fundingCutAtMs].filter((cutAtMs) => cutAtMs !== null)
    const cutAtMs = cuts.length === 0 ? null : Math.min(...cuts)
    const told = tellFunding(bills, {
      converted,
      passages,
      span: {
        fromMs: trading === undefined ? fromMs : Math.max(fromMs, nowMs - historyMs),
        toMs: cutAtMs ?? nowMs,
        isOpen: cutAtMs === null,
      },
      transfers: trading?.transfers ?? null,
    })
    if (trading === undefined) return { ...told, fills: [], cutAtMs }
    return {
      fills: trading.fills,
      flows: [...trading.flows, ...told.flows],
      conversions: [...trading.conversions, ...told.conversions],
      incomes: [...trading.incomes, ...told.incomes],
      entries: [...trading.entries, ...told.entries],
      pending: trading.pending || told.pending,
      cutAtMs,
    }
  }
}

function readingOf({
  fills,
  conversions,
  incomes,
  entries,
  pending,
}: Told): Omit<Reading, 'flows' | 'cutAtMs'> {
  return { fills, conversions, incomes, entries, pending }
}

/** Kinds of instruments that the trading account may hold; none where it is not watched. */
function kindsOf(wallets: readonly Wallet[]): ReadonlySet<string> {
  const contracts = wallets.includes('linear') || wallets.includes('inverse')
  if (wallets.every((wallet) => wallet === 'funding')) return new Set()
  return new Set([
    'SPOT',
    ...(wallets.includes('margin') ? ['MARGIN'] : []),
    ...(contracts ? ['SWAP', 'FUTURES', 'OPTION'] : []),
  ])
}
