import type { Cause, Change, Truth } from '../../../src/simulator/truth.ts'
import { knowledgeOf } from './knowledge.ts'
import type { KnownChange, Residual } from './knowledge.ts'
import { Prices } from './prices.ts'
import { least, nought, Rational, total, unity } from './rational.ts'

/**
 * The right answer: every hour's figures of one account, from the truth alone and by rules stated here once more,
 * without a line shared with what is judged.
 */

const minute = 60_000
const hour = 3_600_000
const day = 86_400_000

export interface ExpectedHour {
  readonly startMs: number
  /** Exact, then the nearest double. */
  readonly returnPct: number
  readonly trades: number
  /** Exact decimal texts. */
  readonly volumeBase: string
  readonly volumeQuote: string
  readonly feesUsd: string
  readonly flows: { readonly count: number; readonly netUsd: string }
  readonly unreconciled: readonly { readonly asset: string; readonly amount: string; readonly usd: string }[]
  readonly equityUsd: string
  readonly noCapital: boolean
  readonly belowFloor: boolean
  readonly approximate: boolean
  readonly unpricedFees: boolean
}

export interface Question {
  readonly accountId: string
  /** Full hours, half-open. */
  readonly fromMs: number
  readonly toMs: number
  /** The instants of the polls whose balances counted, ascending. */
  readonly anchorsMs: readonly number[]
  /** Hours that were given up. The first hour after one carries the return across it. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[]
  /** When an undated record (the return of a refused withdrawal) was booked. Default: at the poll that found it. */
  readonly datedAtMs?: (change: Change) => number | null
}

/** From or to outside; valued when they happen, never performance. */
const external: readonly Cause[] = ['deposit', 'withdrawal', 'withdrawal-returned', 'transfer', 'reward']

export function expectedHours(truth: Truth, question: Question): ExpectedHour[] {
  return new Answer(truth, question).hours()
}

/** Dollars for one unit; null is unpriced and counts 0. */
type Price = (asset: string) => Rational | null

/** What a span of time came to, before it is linked. */
interface Span {
  readonly growth: Rational
  readonly belowFloor: boolean
}

class Answer {
  readonly #question: Question
  readonly #known: readonly KnownChange[]
  readonly #residuals: readonly Residual[]
  readonly #before: readonly Change[]
  readonly #prices: Prices
  #walked: { atMs: number; next: number; held: Map<string, Rational> }
  readonly #peaks: { readonly atMs: number; readonly equity: Rational }[] = []

  constructor(truth: Truth, question: Question) {
    const { known, residuals, before } = knowledgeOf(truth, question)
    this.#question = question
    this.#known = known
    this.#residuals = residuals
    this.#before = before
    this.#walked = { atMs: Number.NEGATIVE_INFINITY, next: 0, held: this.#opening() }
    this.#prices = new Prices(
      truth,
      known.map(({ change }) => change),
    )
  }

  hours(): ExpectedHour[] {
    const rows: ExpectedHour[] = []
    const { fromMs, toMs } = this.#question
    const gaps = joined(this.#question.gaps)
    let carried: Rational | null = null
    for (let startMs = fromMs; startMs < toMs;) {
      const gap = gaps.find((each) => each.fromMs === startMs)
      if (gap !== undefined) {
        carried = this.#across(gap.fromMs, gap.toMs)
        startMs = gap.toMs
        continue
      }
      rows.push(this.#hour(startMs, carried))
      carried = null
      startMs += hour
    }
    return rows
  }

  #hour(startMs: number, carried: Rational | null): ExpectedHour {
    const endMs = startMs + hour
    this.#peaks.push({ atMs: startMs, equity: this.#equityAt(startMs) })
    const inside = this.#known.filter(({ atMs }) => atMs >= startMs && atMs < endMs)
    const flows = inside.filter(({ change }) => external.includes(change.cause))
    const fills = inside.flatMap(({ change }) =>
      change.fill === undefined ? [] : [{ change, fill: change.fill }],
    )

    const cuts = [...new Set(flows.map(({ atMs }) => atMs))]
    const starts = [startMs, ...cuts]
    const ends = [...cuts, endMs]
    const spans = starts.map((spanStartMs, index) => this.#span(spanStartMs, ends[index]!, endMs, index > 0))
    const growth = spans.reduce((product, span) => product.times(span.growth), carried ?? unity)

    let unpricedFees = false
    const worth = (asset: string, amount: string, atMs: number): Rational => {
      const rate = this.#prices.rate(asset, Math.floor(atMs / minute) * minute)
      if (rate === null) unpricedFees = true
      return rate === null ? nought : rate.times(Rational.of(amount))
    }
    const volumeQuote = total(
      fills.map(({ change, fill }) => worth(fill.quote, fill.quoteQuantity, change.atMs)),
    )
    const feesUsd = total(
      fills.map(({ change, fill }) => worth(fill.fee.asset, fill.fee.amount, change.atMs)),
    )
    const residuals = this.#residuals.filter(({ afterMs }) => afterMs >= startMs && afterMs < endMs)
    const capital = [startMs, endMs].some((atMs) => this.#equityAt(atMs).sign !== 0) || flows.length > 0
    return {
      startMs,
      returnPct: growth.minus(unity).times(new Rational(100n)).toNumber(),
      trades: fills.length,
      volumeBase: total(fills.map(({ fill }) => Rational.of(fill.quantity))).text(),
      volumeQuote: volumeQuote.text(),
      feesUsd: feesUsd.text(),
      flows: { count: flows.length, netUsd: total(flows.map((flow) => this.#flowValue(flow))).text() },
      unreconciled: residuals
        .map((residual) => ({
          asset: residual.asset,
          amount: amountOf(residual).text(),
          usd: this.#value(residual.asset, amountOf(residual), this.#boundary(endMs)).text(),
        }))
        .filter(({ amount }) => amount !== '0'),
      equityUsd: this.#equityAt(endMs).text(),
      noCapital: !capital,
      belowFloor: spans.some((span) => span.belowFloor),
      approximate: carried !== null,
      unpricedFees,
    }
  }

  /**
   * One piece of an hour between two flows: what stood at its start became what stood at its end. A negative residual
   * is a loss, a positive one is never gain.
   */
  #span(startMs: number, endMs: number, hourEndMs: number, startsWithFlow: boolean): Span {
    const v0 = startsWithFlow
      ? this.#equity(startMs, this.#atFlow(startMs), 'after')
      : this.#equityAt(startMs)
    const v1 = endMs < hourEndMs ? this.#equity(endMs, this.#atFlow(endMs), 'before') : this.#equityAt(endMs)
    if (v0.sign === 0) return { growth: unity, belowFloor: false }
    const given = this.#given(startMs, endMs, hourEndMs)
    const growth = least(v1.over(v0.plus(given)), v1.minus(given).over(v0))
    const floor = this.#floor(startMs)
    if (v0.compare(floor) < 0) return { growth: least(growth, unity), belowFloor: true }
    return { growth, belowFloor: false }
  }

  /** A gap: Modified Dietz at exact times over what is known, residuals as in an hour. */
  #across(startMs: number, endMs: number): Rational {
    const v0 = this.#equityAt(startMs)
    const v1 = this.#equityAt(endMs)
    const given = this.#given(startMs, endMs, endMs)
    let flow = nought
    let weighted = nought
    for (const known of this.#known) {
      if (known.atMs < startMs || known.atMs >= endMs || !external.includes(known.change.cause)) continue
      const value = this.#flowValue(known)
      flow = flow.plus(value)
      weighted = weighted.plus(value.times(new Rational(BigInt(endMs - known.atMs), BigInt(endMs - startMs))))
    }
    const growthOf = (start: Rational, end: Rational): Rational => {
      const capital = start.plus(weighted)
      return capital.sign === 0 ? unity : unity.plus(end.minus(start).minus(flow).over(capital))
    }
    return least(growthOf(v0.plus(given), v1), growthOf(v0, v1.minus(given)))
  }

  /** All positive residuals of a span, each at the price of the hour's end: no asset's loss pays for another's gift. */
  #given(startMs: number, endMs: number, valuedMs: number): Rational {
    return total(
      this.#residuals
        .filter(({ afterMs }) => afterMs >= startMs && afterMs < endMs)
        .map((residual) => this.#value(residual.asset, amountOf(residual), this.#boundary(valuedMs)))
        .filter((value) => value.sign > 0),
    )
  }

  #flowValue({ change, atMs }: KnownChange): Rational {
    const price = this.#atFlow(atMs)
    return total(change.moves.map(({ asset, amount }) => this.#value(asset, Rational.of(amount), price)))
  }

  #value(asset: string, amount: Rational, price: Price): Rational {
    return amount.sign === 0 ? nought : (price(asset) ?? nought).times(amount)
  }

  #boundary(atMs: number): Price {
    return (asset) => this.#prices.at(asset, atMs)
  }

  /** Flows and the equities around them are valued at the open of the flow's minute. */
  #atFlow(atMs: number): Price {
    return (asset) => this.#prices.atFlow(asset, Math.floor(atMs / minute) * minute)
  }

  #equityAt(atMs: number): Rational {
    return this.#equity(atMs, this.#boundary(atMs), 'before')
  }

  /**
   * What the account was worth at an instant. A residual counts from just after the last look that did not have it.
   * `side` says whether flows of exactly that instant are in; other changes of an instant belong to what follows.
   */
  #equity(atMs: number, price: Price, side: 'before' | 'after'): Rational {
    const held = this.#booked(atMs)
    if (side === 'after') {
      for (const known of this.#known) {
        if (known.atMs === atMs && external.includes(known.change.cause)) add(held, known.change)
      }
    }
    for (const residual of this.#residuals) {
      if (residual.afterMs >= atMs) continue
      held.set(residual.asset, (held.get(residual.asset) ?? nought).plus(amountOf(residual)))
    }
    return total([...held].map(([asset, amount]) => this.#value(asset, amount, price)))
  }

  /** Known balances just before an instant; hours are asked for in order, so each walks on from the one before. */
  #booked(atMs: number): Map<string, Rational> {
    if (atMs < this.#walked.atMs)
      this.#walked = { atMs: Number.NEGATIVE_INFINITY, next: 0, held: this.#opening() }
    const { held } = this.#walked
    let { next } = this.#walked
    for (let known = this.#known[next]; known !== undefined && known.atMs < atMs; known = this.#known[next]) {
      add(held, known.change)
      next += 1
    }
    this.#walked = { atMs, next, held }
    return new Map(held)
  }

  #opening(): Map<string, Rational> {
    const held = new Map<string, Rational>()
    for (const change of this.#before) add(held, change)
    return held
  }

  /** max($100, 1 % of the highest equity of the last 90 days). */
  #floor(atMs: number): Rational {
    const hundredth = this.#peaks
      .filter((peak) => peak.atMs > atMs - 90 * day)
      .map(({ equity }) => equity.over(new Rational(100n)))
    return hundredth.reduce((most, each) => (each.compare(most) > 0 ? each : most), new Rational(100n))
  }
}

/** Gaps that touch are one: nothing was stated between them. */
function joined(gaps: Question['gaps']): Question['gaps'] {
  const whole: { fromMs: number; toMs: number }[] = []
  for (const gap of gaps.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = whole.at(-1)
    if (last !== undefined && gap.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, gap.toMs)
    else whole.push({ ...gap })
  }
  return whole
}

function add(held: Map<string, Rational>, change: Change): void {
  for (const { asset, amount } of change.moves) {
    held.set(asset, (held.get(asset) ?? nought).plus(Rational.of(amount)))
  }
}

function amountOf(residual: Residual): Rational {
  return total(
    residual.changes
      .flatMap(({ moves }) => moves)
      .filter(({ asset }) => asset === residual.asset)
      .map(({ amount }) => Rational.of(amount)),
  )
}
