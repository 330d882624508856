import { dayMs, hourMs, minuteMs, toText } from '@perf-agg/sdk'
import t from 'tap'
import { Account } from '../../../src/accounting/account.ts'
import type { Gap, Hour } from '../../../src/accounting/hour/hour.ts'
import type {
  Candle,
  CashFlow,
  Fill,
  Income,
  Observation,
  Position,
} from '../../../src/accounting/observation.ts'
import { defaultRules } from '../../../src/accounting/rules.ts'
import type { AccountPlan } from '../../../src/simulator/scenario.ts'
import { startSimulator } from '../../../src/simulator/simulator.ts'
import type { Change, TrueFill, Truth } from '../../../src/simulator/truth.ts'
import { expectedHours } from './hours.ts'
import { nought, Rational } from './rational.ts'
import { scopedTo } from './scope.ts'

/** Accounts with contracts put into the ledger without any wire, and their hours held against the answer. */

t.setTimeout(1_500_000)

const startMs = Date.UTC(2026, 0, 5)
const days = 9
const at = (day: number, hour: number, minute = 0, second = 0): number =>
  startMs + (day - 1) * dayMs + hour * hourMs + minute * minuteMs + second * 1_000

/** What an exchange would show of open positions: its average entry, rounded. */
function positionsOf(fills: readonly TrueFill[]): Position[] {
  const open = new Map<string, { fill: TrueFill; quantity: Rational; cost: Rational }>()
  for (const fill of fills) {
    if (fill.contract === undefined) continue
    const key = `${fill.symbol} ${fill.contract.position}`
    const before = open.get(key)?.quantity ?? nought
    const quantity = Rational.of(fill.quantity)
    open.set(key, {
      fill,
      quantity: before.plus(fill.side === 'buy' ? quantity : quantity.negated()),
      cost: Rational.of(fill.contract.cost),
    })
  }
  return [...open.values()].flatMap(({ fill, quantity, cost }): Position[] => {
    const { contract, symbol, base, quote } = fill
    if (quantity.sign === 0 || contract === undefined) return []
    const size = quantity.times(Rational.of(contract.size))
    const entry = contract.kind === 'linear' ? cost.over(size) : size.over(cost.negated())
    return [
      {
        market: contract.kind,
        symbol,
        base,
        quote,
        terms: { size: contract.size, settle: contract.settle },
        quantity: quantity.text(),
        entry: entry.rounded(11).text(),
      },
    ]
  })
}

function observationOf(fresh: readonly Change[], all: readonly Change[], nowMs: number): Observation {
  const fills: Fill[] = []
  const flows: CashFlow[] = []
  const incomes: Income[] = []
  const kinds = {
    funding: 'funding',
    'liquidation-fee': 'liquidation-fee',
    rebate: 'rebate',
    interest: 'interest',
  } as const
  const flowKinds = {
    deposit: 'deposit',
    withdrawal: 'withdrawal',
    transfer: 'transfer',
    reward: 'reward',
  } as const
  for (const { cause, id, atMs, moves, fill, sequence } of fresh) {
    if (fill !== undefined) {
      const { symbol, base, quote, side, price, quantity, quoteQuantity, fee, contract } = fill
      fills.push({
        id,
        market: contract?.kind ?? 'spot',
        symbol,
        base,
        quote,
        side,
        price,
        quantity,
        quoteQuantity,
        fees: /[1-9]/.test(fee.amount) ? [fee] : [],
        atMs,
        execution: contract?.execution ?? 'trade',
        ...(contract === undefined ? {} : { terms: { size: contract.size, settle: contract.settle } }),
      })
      continue
    }
    const [move] = moves
    if (move === undefined) continue
    const { asset, amount } = move
    if (Object.hasOwn(kinds, cause))
      incomes.push({
        id: `${id}-${sequence}`,
        income: kinds[cause as keyof typeof kinds],
        asset,
        amount,
        atMs,
      })
    if (Object.hasOwn(flowKinds, cause))
      flows.push({
        id,
        flow: flowKinds[cause as keyof typeof flowKinds],
        asset,
        amount,
        atMs,
        atEstimated: false,
      })
  }
  const held = new Map<string, Rational>()
  for (const { asset, amount } of all.flatMap(({ moves }) => moves)) {
    held.set(asset, (held.get(asset) ?? nought).plus(Rational.of(amount)))
  }
  const balances = [...held]
    .filter(([, amount]) => amount.sign !== 0)
    .map(([asset, amount]) => ({ asset, amount: amount.text() }))
  const positions = positionsOf(all.flatMap(({ fill }) => (fill === undefined ? [] : [fill])))
  return {
    begunAtMs: nowMs,
    complete: true,
    fills,
    flows,
    conversions: [],
    incomes,
    anchor: { atMs: nowMs, balances, ...(positions.length === 0 ? {} : { positions }) },
    unavailable: [],
    lost: null,
  }
}

function candlesOf(
  truth: Truth,
  want: { symbol: string; kind?: 'mark'; fromMs: number; toMs: number },
): Candle[] {
  const candles: Candle[] = []
  for (let minute = Math.floor(want.fromMs / minuteMs) * minuteMs; minute < want.toMs; minute += minuteMs) {
    if (want.kind === 'mark') {
      const mark = truth.mark(want.symbol, minute)
      if (mark !== null)
        candles.push({
          minuteMs: minute,
          open: mark.open,
          close: mark.close,
          baseVolume: '0',
          quoteVolume: '0',
        })
      continue
    }
    const candle = truth.candle(want.symbol, minute)
    if (candle === null) continue
    const { open, close, baseVolume, quoteVolume } = candle
    candles.push({ minuteMs: minute, open, close, baseVolume, quoteVolume })
  }
  return candles
}

async function compared(plan: AccountPlan, wallets: readonly string[], seed: number, everyMs: number) {
  const simulator = await startSimulator({
    exchange: 'binance',
    seed,
    startMs,
    scenario: { accounts: [plan], deliveries: [{ symbol: 'BTC/USDT:USDT', atMs: at(5, 8) }] },
  })
  await simulator.close()
  const whole = simulator.truth
  const accountId = simulator.accounts[0]!.uid
  const account = Account.open({
    openedAtMs: startMs,
    firstRegisteredAtMs: startMs,
    settlingMs: 10_000,
    rules: defaultRules,
  })
  account.setMarkets(whole.markets.map((market) => ({ ...market, type: 'spot', active: true })))
  const hours = new Map<number, Hour>()
  const gaps: Gap[] = []
  const anchorsMs: number[] = []
  let read = 0
  const endMs = startMs + days * dayMs + hourMs / 2
  for (let nowMs = startMs + 1_000; nowMs <= endMs; nowMs += everyMs) {
    simulator.advanceTo(nowMs)
    const { changes } = scopedTo(whole, wallets)
    account.take(observationOf(changes.slice(read), changes, nowMs))
    read = changes.length
    anchorsMs.push(nowMs)
    for (let wants = account.priceWants(nowMs); wants.length > 0; wants = account.priceWants(nowMs)) {
      for (const want of wants) account.takeCandles(want, candlesOf(whole, want))
    }
    const closed = account.close(nowMs)
    for (const hour of closed.hours) hours.set(hour.startMs, hour)
    gaps.push(...closed.gaps)
  }
  const rows = expectedHours(whole, {
    accountId,
    wallets,
    fromMs: startMs,
    toMs: startMs + days * dayMs,
    anchorsMs,
    gaps,
  })
  const found = rows.flatMap((row) => {
    const hour = hours.get(row.startMs)
    const when = new Date(row.startMs).toISOString().slice(5, 13)
    if (hour === undefined) return [`${when} was not stated`]
    const is = (field: string, expected: unknown, stated: unknown): string[] =>
      expected === stated ? [] : [`${when} ${field}: expected ${String(expected)}, stated ${String(stated)}`]
    const near = hour.returnPct !== null && Math.abs(hour.returnPct - row.returnPct) <= 1e-9 + row.rounding
    return [
      ...(near ? [] : is('return', row.returnPct, hour.returnPct)),
      ...is('trades', row.trades, hour.trades),
      ...is('volume base', row.volumeBase, toText(hour.volumeBase)),
      ...is('volume quote', row.volumeQuote, toText(hour.volumeQuoteUsd)),
      ...is('fees', row.feesUsd, toText(hour.feesUsd)),
      ...is('flows', row.flows.count, hour.flows.count),
      ...is('unreconciled', 0, hour.marks.unreconciled?.length ?? 0),
    ]
  })
  return { rows, found, truth: whole, gaps }
}

const story: AccountPlan = {
  opening: { USDT: '20000', BTC: '0.2', BNB: '2' },
  purses: { linear: { USDT: '15000', BNB: '1' }, inverse: { BTC: '0.5', ETH: '5' } },
  trader: { ordersPerDay: 20 },
  contractTrader: {
    ordersPerDay: 40,
    symbols: ['BTC/USDT:USDT', 'ETH/USDT:USDT', 'BTC/USDT:USDT-260109', 'BTC/USD:BTC', 'ETH/USD:ETH'],
  },
  events: [
    { kind: 'transfer', atMs: at(1, 9, 12, 7), asset: 'USDT', amount: '-2500', other: 'linear' },
    { kind: 'transfer', atMs: at(2, 3, 1, 59), asset: 'USDT', amount: '1800', other: 'linear' },
    { kind: 'transfer', atMs: at(2, 13, 5, 1), asset: 'USDT', amount: '-700', purse: 'linear' },
    {
      kind: 'rebate',
      atMs: at(2, 16, 0, 11),
      asset: 'USDT',
      amount: '1.25',
      info: 'API_REBATE',
      purse: 'linear',
    },
    {
      kind: 'reward',
      atMs: at(3, 1, 2, 3),
      asset: 'USDT',
      amount: '50',
      info: 'WELCOME_BONUS',
      purse: 'linear',
    },
    { kind: 'contract-fill', atMs: at(3, 7, 2, 3), symbol: 'SOL/USDT:USDT', side: 'sell', quantity: '20' },
    { kind: 'deleveraging', atMs: at(3, 9, 2, 3), symbol: 'SOL/USDT:USDT', quantity: '7' },
    { kind: 'liquidation', atMs: at(3, 12, 2, 3), symbol: 'SOL/USDT:USDT' },
    {
      kind: 'contract-fill',
      atMs: at(4, 1, 0, 3),
      symbol: 'BTC/USDT:USDT-260109',
      side: 'buy',
      quantity: '0.1',
    },
    {
      kind: 'contract-fill',
      atMs: at(5, 7, 59, 40),
      symbol: 'BTC/USDT:USDT-260109',
      side: 'buy',
      quantity: '0.012',
    },
    { kind: 'transfer', atMs: at(4, 4, 0, 3), asset: 'BTC', amount: '-0.05', other: 'inverse' },
    { kind: 'withdrawal', atMs: at(6, 4, 0, 3), asset: 'USDT', amount: '300', fee: '1' },
  ],
}

for (const [name, plan, wallets, seed] of [
  ['linear alone', story, ['linear'], 1],
  ['inverse alone', story, ['inverse'], 2],
  ['spot and futures together', story, ['spot', 'linear', 'inverse'], 3],
  ['linear in hedge mode', { ...story, hedges: true }, ['linear'], 4],
  ['one wallet for everything', { ...story, unified: true }, ['spot'], 5],
] as const) {
  t.test(name, async (t) => {
    const { rows, found, truth, gaps } = await compared(plan, wallets, seed, 29 * minuteMs)
    t.same(found.slice(0, 20), [])
    t.same(gaps, [])
    t.equal(rows.length, days * 24)
    const { changes } = scopedTo(truth, wallets)
    const executions = new Set(changes.flatMap(({ fill }) => fill?.contract?.execution ?? []))
    const causes = new Set(changes.map(({ cause }) => cause))
    if (wallets.some((wallet) => wallet !== 'inverse')) {
      t.same([...executions].toSorted(), ['adl', 'liquidation', 'settlement', 'trade'])
      for (const cause of ['funding', 'liquidation-fee', 'rebate', 'reward'] as const)
        t.ok(causes.has(cause), cause)
    }
    t.comment(`${rows.length} hours, ${changes.length} changes, ${found.length} mismatches`)
  })
}
