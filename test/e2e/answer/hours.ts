import type { Cause, Change, Truth } from '../../../src/simulator/truth.ts'
import { knowledgeOf } from './knowledge.ts'
import type { KnownChange, Residual } from './knowledge.ts'
import { baseVolume, isTrade, markAt, markAtFlow, Positions } from './positions.ts'
import { Prices, type Told } from './prices.ts'
import { least, nought, Rational, total, unity } from './rational.ts'
import { scopedTo } from './scope.ts'

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
  /** By how many percent points the return may be off because an exchange rounds what contracts realise. */
  readonly rounding: number
}

export interface Question {
  readonly accountId: string
  /** Which wallets are watched; default spot alone. */
  readonly wallets?: readonly string[]
  /** Full hours, half-open. */
  readonly fromMs: number
  readonly toMs: number
  /** The instants of the polls whose balances counted, ascending. */
  readonly anchorsMs: readonly number[]
  /** Hours that were given up. The first hour after one carries the return across it. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[]
  /** When an undated record (the return of a refused withdrawal) was booked. Default: at the poll that found it. */
  readonly datedAtMs?: (change: Change) => number | null
  /** Default: what everybody paid in it. */
  readonly told?: Told
}

/** From or to outside; valued when they happen, never performance. */
const external: readonly Cause[] = ['deposit', 'withdrawal', 'withdrawal-returned', 'transfer', 'reward']

export function expectedHours(truth: Truth, question: Question): ExpectedHour[] {
  return new Answer(truth, question).hours()
}

/** Dollars for one unit; null is unpriced and counts 0. Of a contract the mark price, in its quote coin. */
interface Price {
  of(asset: string): Rational | null
  mark(symbol: string): Rational
}

/** What is held at an instant. */
interface Held {
  readonly coins: Map<string, Rational>
  readonly positions: Positions
}

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
  readonly #truth: Truth
  #walked: { atMs: number; next: number; held: Held }
  readonly #peaks: { readonly atMs: number; readonly equity: Rational }[] = []

  constructor(whole: Truth, question: Question) {
    const truth = scopedTo(whole, question.wallets ?? ['spot'])
    this.#truth = truth
    const { known, residuals, before } = knowledgeOf(truth, question)
    this.#question = question
    this.#known = known
    this.#residuals = residuals
    this.#before = before
    this.#walked = { atMs: Number.NEGATIVE_INFINITY, next: 0, held: this.#opening() }
    this.#prices = new Prices(
      truth,
      known.map(({ change }) => change),
      question.told,
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
    const trades = fills.filter(({ fill }) => isTrade(fill))
    const volumeQuote = total(
      trades.map(({ change, fill }) => worth(fill.quote, fill.quoteQuantity, change.atMs)),
    )
    const paid = inside.filter(({ change }) => ['rebate', 'liquidation-fee'].includes(change.cause))
    const feesUsd = total([
      ...fills.map(({ change, fill }) => worth(fill.fee.asset, fill.fee.amount, change.atMs)),
      ...paid.flatMap(({ change, atMs }) =>
        change.moves.map(({ asset, amount }) => worth(asset, amount, atMs).negated()),
      ),
    ])
    const residuals = this.#residuals.filter(({ afterMs }) => afterMs >= startMs && afterMs < endMs)
    const capital = [startMs, endMs].some((atMs) => this.#equityAt(atMs).sign !== 0) || flows.length > 0
    return {
      startMs,
      returnPct: growth.minus(unity).times(new Rational(100n)).toNumber(),
      trades: trades.length,
      volumeBase: total(trades.map(({ fill }) => baseVolume(fill))).text(),
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
      rounding: this.#rounding(startMs, endMs),
    }
  }

  /**
   * Each fill of a contract is realised to eight places, and an average entry is shown with few: an equity rolled back
   * from a look later on is off by as much for each fill between, and for each position.
   */
  #rounding(startMs: number, endMs: number): number {
    const latestMs = this.#question.anchorsMs.find((anchorMs) => anchorMs >= endMs) ?? endMs
    const price = this.#boundary(endMs)
    const worth = (coin: string, amount: number): number =>
      (price.of(coin)?.toNumber() ?? 0) * Math.abs(amount)
    const realized = this.#known.reduce((sum, { change: { fill }, atMs }) => {
      const isNear = fill?.contract !== undefined && atMs >= startMs && atMs <= latestMs
      return isNear ? sum + worth(fill.contract.settle, 2e-8) : sum
    }, 0)
    const entries = [startMs, endMs].flatMap((atMs) => this.#booked(atMs).positions.roundings())
    const off = entries.reduce((sum, { settle, amount }) => sum + worth(settle, amount.toNumber()), realized)
    const capital = [startMs, endMs].map((atMs) => this.#equityAt(atMs).toNumber()).filter((usd) => usd > 0)
    if (off === 0 || capital.length === 0) return 0
    return (off / Math.min(...capital)) * 100
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
    return amount.sign === 0 ? nought : (price.of(asset) ?? nought).times(amount)
  }

  #boundary(atMs: number): Price {
    return {
      of: (asset) => this.#prices.at(asset, atMs),
      mark: (symbol) => markAt(this.#truth, symbol, atMs),
    }
  }

  /** Flows and the equities around them are valued at the open of the flow's minute. */
  #atFlow(atMs: number): Price {
    return {
      of: (asset) => this.#prices.atFlow(asset, Math.floor(atMs / minute) * minute),
      mark: (symbol) => markAtFlow(this.#truth, symbol, atMs),
    }
  }

  #equityAt(atMs: number): Rational {
    return this.#equity(atMs, this.#boundary(atMs), 'before')
  }

  /**
   * What the account was worth at an instant. A residual counts from just after the last look that did not have it.
   * `side` says whether flows of exactly that instant are in; other changes of an instant belong to what follows.
   */
  #equity(atMs: number, price: Price, side: 'before' | 'after'): Rational {
    const { coins: booked, positions } = this.#booked(atMs)
    const coins = new Map(booked)
    const put = (asset: string, amount: Rational): void => {
      coins.set(asset, (coins.get(asset) ?? nought).plus(amount))
    }
    if (side === 'after') {
      for (const { change, atMs: flowMs } of this.#known) {
        if (flowMs !== atMs || !external.includes(change.cause)) continue
        for (const { asset, amount } of change.moves) put(asset, Rational.of(amount))
      }
    }
    for (const residual of this.#residuals) {
      if (residual.afterMs < atMs) put(residual.asset, amountOf(residual))
    }
    for (const { settle, amount } of positions.unrealized((symbol) => price.mark(symbol))) put(settle, amount)
    return total([...coins].map(([asset, amount]) => this.#value(asset, amount, price)))
  }

  /** Known balances just before an instant; hours are asked for in order, so each walks on from the one before. */
  #booked(atMs: number): Held {
    if (atMs < this.#walked.atMs)
      this.#walked = { atMs: Number.NEGATIVE_INFINITY, next: 0, held: this.#opening() }
    const { held } = this.#walked
    let { next } = this.#walked
    for (let known = this.#known[next]; known !== undefined && known.atMs < atMs; known = this.#known[next]) {
      add(held, known.change)
      next += 1
    }
    this.#walked = { atMs, next, held }
    return held
  }

  #opening(): Held {
    const held = { coins: new Map<string, Rational>(), positions: new Positions(this.#truth) }
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

function add({ coins, positions }: Held, { moves, fill }: Change): void {
  for (const { asset, amount } of moves) {
    coins.set(asset, (coins.get(asset) ?? nought).plus(Rational.of(amount)))
  }
  if (fill !== undefined) positions.take(fill)
}

function amountOf(residual: Residual): Rational {
  return total(
    residual.changes
      .flatMap(({ moves }) => moves)
      .filter(({ asset }) => asset === residual.asset)
      .map(({ amount }) => Rational.of(amount)),
  )
}
