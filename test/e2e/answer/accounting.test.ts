import { hourMs, minuteMs, toText } from '@perf-agg/sdk'
import t from 'tap'
import { Account } from '../../../src/accounting/account.ts'
import type { Gap, Hour } from '../../../src/accounting/hour/hour.ts'
import type { Candle, CashFlow, Conversion, Fill, Observation } from '../../../src/accounting/observation.ts'
import { defaultRules } from '../../../src/accounting/rules.ts'
import { startSimulator } from '../../../src/simulator/simulator.ts'
import { usualFaults } from '../../../src/simulator/story.ts'
import type { Change, Truth } from '../../../src/simulator/truth.ts'
import { expectedHours } from './hours.ts'
import type { ExpectedHour } from './hours.ts'
import { Rational, total } from './rational.ts'

/** A month of the account's story put into the ledger without any wire, and its hours held against the answer. */

t.setTimeout(1_500_000)

const startMs = Date.UTC(2026, 0, 5)
const days = 30

interface Polled {
  readonly hours: Map<number, Hour>
  readonly gaps: Gap[]
  readonly anchorsMs: number[]
  readonly corrected: Set<number>
}

async function poll(seed: number, everyMs: number): Promise<Polled & { truth: Truth; accountId: string }> {
  const simulator = await startSimulator({ exchange: 'binance', seed, startMs })
  await simulator.close()
  const { truth } = simulator
  const accountId = simulator.accounts[0]!.uid
  const account = Account.open({
    openedAtMs: startMs,
    firstRegisteredAtMs: startMs,
    settlingMs: 10_000,
    rules: defaultRules,
  })
  account.setMarkets(truth.markets.map((market) => ({ ...market, type: 'spot', active: true })))
  const polled: Polled = { hours: new Map(), gaps: [], anchorsMs: [], corrected: new Set() }
  const outages = usualFaults(startMs).filter(({ kind }) => kind !== 'clock-skew')
  const given = new Set<Change>()
  const held = new Map<string, Rational>()
  let read = 0
  const endMs = startMs + days * 24 * hourMs + hourMs / 2
  for (let nowMs = startMs + 1_000; nowMs <= endMs; nowMs += everyMs) {
    simulator.advanceTo(nowMs)
    for (; read < truth.changes.length; read += 1) {
      for (const { asset, amount } of truth.changes[read]!.moves) {
        held.set(asset, (held.get(asset) ?? new Rational(0n)).plus(Rational.of(amount)))
      }
    }
    if (outages.some(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs)) continue
    const seen = truth.changes.filter(
      ({ visibleAtMs, atMs }) =>
        visibleAtMs !== null && visibleAtMs <= nowMs && atMs >= nowMs - truth.historyMs,
    )
    const fresh = seen.filter((change) => !given.has(change))
    for (const change of fresh) given.add(change)
    const lastMs = polled.anchorsMs.at(-1) ?? startMs
    const forgottenMs = nowMs - truth.historyMs
    account.take(
      observationOf(fresh, nowMs, held, forgottenMs > lastMs ? { fromMs: lastMs, toMs: forgottenMs } : null),
    )
    polled.anchorsMs.push(nowMs)
    for (let wants = account.priceWants(nowMs); wants.length > 0; wants = account.priceWants(nowMs)) {
      for (const want of wants)
        account.takeCandles(want, candlesOf(truth, want.symbol, want.fromMs, want.toMs))
    }
    const closed = account.close(nowMs)
    for (const hour of closed.hours) polled.hours.set(hour.startMs, hour)
    polled.gaps.push(...closed.gaps)
    for (const hour of closed.corrections.flatMap(({ hours }) => hours)) {
      polled.hours.set(hour.startMs, hour)
      polled.corrected.add(hour.startMs)
    }
  }
  return { ...polled, truth, accountId }
}

function observationOf(
  changes: readonly Change[],
  nowMs: number,
  held: ReadonlyMap<string, Rational>,
  lost: Observation['lost'],
): Observation {
  const fills: Fill[] = []
  const flows: CashFlow[] = []
  const conversions: Conversion[] = []
  const flowOf = {
    deposit: 'deposit',
    withdrawal: 'withdrawal',
    'withdrawal-returned': 'withdrawal',
    transfer: 'transfer',
    reward: 'reward',
  } as const
  for (const { cause, id, atMs, moves, fill, dated } of changes) {
    if (fill !== undefined) {
      const { symbol, base, quote, side, price, quantity, quoteQuantity, fee } = fill
      const fees = /[1-9]/.test(fee.amount) ? [fee] : []
      fills.push({
        id,
        market: 'spot',
        symbol,
        base,
        quote,
        side,
        price,
        quantity,
        quoteQuantity,
        fees,
        atMs,
        execution: 'trade',
      })
    } else if (cause === 'dust' || cause === 'convert') {
      conversions.push({ id, conversion: cause, changes: moves, atMs })
    } else if (Object.hasOwn(flowOf, cause)) {
      const [move] = moves
      const flow = flowOf[cause as keyof typeof flowOf]
      flows.push({
        id: dated ? id : `${id}:returned`,
        flow,
        asset: move!.asset,
        amount: move!.amount,
        atMs: dated ? atMs : nowMs,
        atEstimated: !dated,
      })
    }
  }
  const balances = [...held]
    .filter(([, amount]) => amount.sign !== 0)
    .map(([asset, amount]) => ({ asset, amount: amount.text() }))
  return {
    begunAtMs: nowMs,
    complete: true,
    fills,
    flows,
    conversions,
    incomes: [],
    anchor: { atMs: nowMs, balances },
    unavailable: [],
    lost,
  }
}

function candlesOf(truth: Truth, symbol: string, fromMs: number, toMs: number): Candle[] {
  const candles: Candle[] = []
  for (let at = Math.floor(fromMs / minuteMs) * minuteMs; at < toMs; at += minuteMs) {
    const candle = truth.candle(symbol, at)
    if (candle === null) continue
    const { open, close, baseVolume, quoteVolume } = candle
    candles.push({ minuteMs: at, open, close, baseVolume, quoteVolume })
  }
  return candles
}

function differences(row: ExpectedHour, hour: Hour): string[] {
  const found: string[] = []
  const at = `${new Date(row.startMs).toISOString().slice(5, 13)}`
  const check = (field: string, expected: unknown, stated: unknown): void => {
    if (expected !== stated)
      found.push(`${at} ${field}: expected ${String(expected)}, stated ${String(stated)}`)
  }
  if (hour.returnPct === null || !(Math.abs(hour.returnPct - row.returnPct) <= 1e-9))
    check('return', row.returnPct, hour.returnPct)
  check('trades', row.trades, hour.trades)
  check('volume base', row.volumeBase, toText(hour.volumeBase))
  check('volume quote', row.volumeQuote, toText(hour.volumeQuoteUsd))
  check('fees', row.feesUsd, toText(hour.feesUsd))
  check('equity', row.equityUsd, hour.equityUsd === null ? null : toText(hour.equityUsd))
  check('flows', `${row.flows.count} ${row.flows.netUsd}`, `${hour.flows.count} ${toText(hour.flows.netUsd)}`)
  check('approximate', row.approximate, hour.marks.approximate === true)
  check('unreconciled', list(row.unreconciled), list(hour.marks.unreconciled ?? []))
  return found
}

const list = (residuals: ExpectedHour['unreconciled']): string =>
  residuals
    .map(({ asset, amount, usd }) => `${asset} ${amount} ${usd}`)
    .toSorted()
    .join(', ')

for (const [seed, everyMs] of [
  [1, 11 * minuteMs],
  [2, 29 * minuteMs],
] as const) {
  t.test(`seed ${seed}, looked at every ${everyMs / minuteMs} minutes`, async (t) => {
    const { hours, gaps, anchorsMs, corrected, truth, accountId } = await poll(seed, everyMs)
    const rows = expectedHours(truth, {
      accountId,
      fromMs: startMs,
      toMs: startMs + days * 24 * hourMs,
      anchorsMs,
      gaps,
    })
    const found = rows.flatMap((row) => {
      const hour = hours.get(row.startMs)
      return hour === undefined
        ? [`${new Date(row.startMs).toISOString()} was not stated`]
        : differences(row, hour)
    })
    t.same(found, [])
    t.equal(hours.size, rows.length)
    t.ok(gaps.length > 0 && corrected.size > 0, 'gaps and corrections were there to be right about')
    t.comment(
      `${rows.length} hours, ${gaps.length} gaps, ${corrected.size} corrected, ${total(rows.map(({ volumeQuote }) => Rational.of(volumeQuote))).text()} USD`,
    )
  })
}
