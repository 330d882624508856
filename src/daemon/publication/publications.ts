import { PerfAggError, toInstant } from '@perf-agg/sdk'
import type { AccountView } from '../../accounting/view.ts'
import { limits } from '../../limits.ts'
import type { Publisher } from '../../log/publisher.ts'
import type { PublicSummary } from '../../page/summary.ts'
import type { AccountRow, Publication, Store } from '../../store/store.ts'
import type { Clock } from '../clock.ts'
import { editionMissing, publicRecordPage, type RecordPlace } from './record-page.ts'

interface Parts {
  readonly store: Store
  readonly publisher: Publisher
  readonly clock: Clock
  readonly simulated: boolean
  /** Work in an account's lane that waits for no exchange. */
  readonly ahead: <T>(account: string, work: () => Promise<T>) => Promise<T>
}

type ViewOf = (row: AccountRow, nowMs: number) => Promise<AccountView>

/** Records that are shown to everybody: by their owner's consent, which can be taken back for what is to come. */
export class Publications {
  readonly #parts: Parts
  readonly #summaries = new Map<string, { readonly atMs: number; readonly summary: PublicSummary }>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @throws {PerfAggError} EDITION_MISSING: it can only be shown with its amounts */
  async publish(account: string, amounts: boolean): Promise<object> {
    const { store } = this.#parts
    const [first] = await store.statements(account, { limit: 1 })
    // editions came with a version of the software: where the first has one, all have
    if (!amounts && first !== undefined && first.editionSignature === null) throw editionMissing(1)
    await this.#set(account, () => ({ amounts, withdrawn: null }))
    return { account, published: true, amounts, path: `/record/${account}` }
  }

  /** @throws {PerfAggError} NOT_PUBLISHED */
  async withdraw(account: string): Promise<object> {
    const { clock } = this.#parts
    const { withdrawn } = await this.#set(account, ({ published, head }) => {
      if (published === null)
        throw new PerfAggError('NOT_PUBLISHED', 'this record was never shown to anybody')
      return {
        amounts: published.amounts,
        withdrawn: published.withdrawn ?? { atMs: clock.nowMs(), sequence: head.sequence },
      }
    })
    const withdrawn_at = withdrawn === null ? null : toInstant(withdrawn.atMs)
    return { account, published: false, withdrawn_at, path: `/record/${account}` }
  }

  async page(account: string, place: RecordPlace | null): Promise<object | null> {
    const published = (await this.#parts.store.account(account))?.published ?? null
    if (published === null) return null
    const { amounts, withdrawn } = published
    const lastSequence = withdrawn?.sequence ?? Number.MAX_SAFE_INTEGER
    return publicRecordPage(this.#parts, account, place, { lastSequence, amounts })
  }

  async summary(account: string, viewOf: ViewOf): Promise<PublicSummary | null> {
    const { store, clock, simulated } = this.#parts
    const row = await store.account(account)
    if (row === null || row.published === null) return null
    const nowMs = clock.nowMs()
    const known = this.#summaries.get(account)
    if (known !== undefined && nowMs - known.atMs < limits.page.summaryMs) return known.summary
    const { amounts, withdrawn } = row.published
    const named = { account, exchange: row.exchange, environment: row.environment, simulated, amounts }
    // what came after is nobody's business any more, so nothing is computed from it
    const summary: PublicSummary =
      withdrawn === null
        ? { ...named, ...(await this.#figures(row, await viewOf(row, nowMs), nowMs)), withdrawnAtMs: null }
        : { ...named, ...nothing, withdrawnAtMs: withdrawn.atMs }
    this.#summaries.delete(account)
    this.#summaries.set(account, { atMs: nowMs, summary })
    for (const oldest of this.#summaries.keys()) {
      if (this.#summaries.size <= limits.page.summariesMax) break
      this.#summaries.delete(oldest)
    }
    return summary
  }

  async #figures({ pseudonym, head }: AccountRow, view: AccountView, nowMs: number) {
    const last = await this.#parts.store.statementAt(pseudonym, head.sequence)
    const stale = last === null || nowMs - last.issuedAtMs > limits.page.staleMs
    return { ...figuresOf(view), stale, untilMs: view.asOfMs }
  }

  async #set(account: string, change: (row: AccountRow) => Publication): Promise<Publication> {
    const { store, ahead } = this.#parts
    return ahead(account, async () => {
      const row = await store.account(account)
      if (row === null) throw new PerfAggError('RECORD_UNKNOWN', 'no such record')
      const published = change(row)
      await store.commit((tx) => tx.updateAccount(account, { published }))
      this.#summaries.delete(account)
      return published
    })
  }
}

const nothing = {
  stale: false,
  fromMs: null,
  untilMs: null,
  returnPct: null,
  sharpe: null,
  maxDrawdownPct: null,
  coveragePct: null,
  growth: [],
} as const

function figuresOf({ hours, portfolio: { values }, coverage }: AccountView) {
  const headline = hours.filter(({ origin }) => origin !== 'backfilled')
  const seen = coverage.observed + coverage.recovered
  let value = 100
  const growth = [value]
  const step = Math.max(1, Math.ceil(headline.length / limits.page.curvePointsMax))
  for (const [index, { returnPct }] of headline.entries()) {
    value *= 1 + (returnPct ?? 0) / 100
    if ((index + 1) % step === 0 || index === headline.length - 1) growth.push(value)
  }
  const first = headline[0]
  return {
    fromMs: first?.startMs ?? null,
    returnPct: values['twr_pct'] ?? null,
    sharpe: values['sharpe'] ?? null,
    maxDrawdownPct: values['max_drawdown_pct'] ?? null,
    coveragePct: coverage.hoursExpected === 0 ? null : (100 * seen) / coverage.hoursExpected,
    growth,
  }
}
