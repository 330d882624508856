import {
  type AccountType,
  dayMs,
  type ExchangeCredentials,
  hourMs,
  minuteMs,
  newSigningKey,
  PerfAggClient,
  secondMs,
  type Statement,
} from '@perf-agg/sdk'
import type { Test } from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import type { Faults } from '../../src/simulator/faults.ts'
import type { PlannedEvent, Scenario } from '../../src/simulator/scenario.ts'
import {
  type SimulatedAccount,
  type SimulatedExchange,
  startSimulator,
} from '../../src/simulator/simulator.ts'
import type { Change } from '../../src/simulator/truth.ts'
import { compare } from './answer/compare.ts'
import { type ExpectedHour, expectedHours } from './answer/hours.ts'
import type { Told } from './answer/prices.ts'
import { startBackend, startComposed } from './enclave.ts'

/** Days at an exchange that keeps ledgers, stated through the whole enclave and held against the truth. */

export interface LedgerDays {
  readonly exchange: SimulatedExchange
  readonly accountType?: AccountType
  readonly seed: number
  /** The path of its ledger, which answers by halves for a while. */
  readonly ledgerPath: string
  readonly scenario?: (at: At, startMs: number) => Scenario
  readonly symbols?: readonly string[]
  readonly tradesMin?: number
  /** What is watched; default spot. */
  readonly wallets?: readonly string[]
  /** Registered too, for one and the same account: its wallets join. */
  readonly joining?: AccountType
  readonly days?: number
  /** Days that passed before it is registered: they are backfilled, as far back as the exchange tells. */
  readonly daysBefore?: number
  /** The operator's bound of them; default none. */
  readonly backfillDays?: number
  readonly faults?: (at: At) => Faults
  /** When an undated change counts; default its true instant: a ledger gives every line one. */
  readonly datedAtMs?: (change: Change, anchorsMs: readonly number[]) => number | null
  /** Coins that the exchange calls otherwise than the simulation does. */
  readonly coins?: Readonly<Record<string, string>>
}

export type At = (day: number, hour: number, minute?: number, second?: number) => number

const usualSymbols =
  'BTC/USDT ETH/USDT SOL/USDT XRP/USDT DOGE/USDT ADA/USDT BNB/USDT PROM/USDT ETH/BTC'.split(' ')

/** What no list tells of, or not when, shows where balances are read before it and after it. */
const isUntold = (event: PlannedEvent): boolean =>
  event.kind === 'unexplained' || (event.kind === 'withdrawal' && event.outcome === 'refused')

function usualScenario(
  at: At,
  symbols: readonly string[],
  isRead: (event: PlannedEvent) => boolean,
): Scenario {
  return {
    accounts: [
      {
        opening: { USDT: '20000', BTC: '0.12', ETH: '2', BNB: '0.02' },
        trader: { ordersPerDay: 24, symbols },
        events: (
          [
            { kind: 'deposit', atMs: at(1, 5, 17, 23), asset: 'USDT', amount: '5000' },
            { kind: 'reward', atMs: at(1, 14, 3, 11), asset: 'USDT', amount: '500', info: 'Bonus' },
            {
              kind: 'fill',
              atMs: at(2, 1, 33, 20),
              symbol: 'SOL/USDT',
              side: 'buy',
              quantity: '3.5',
              visibleAfterMs: 6 * minuteMs,
            },
            { kind: 'withdrawal', atMs: at(2, 9, 41, 7), asset: 'USDT', amount: '1200', fee: '4' },
            { kind: 'convert', atMs: at(2, 16, 22, 48), from: 'USDT', to: 'BNB', amount: '600' },
            { kind: 'unexplained', atMs: at(3, 4, 12, 40), asset: 'USDT', amount: '75.5' },
            { kind: 'transfer', atMs: at(3, 12, 7, 33), asset: 'USDT', amount: '-750' },
            { kind: 'dust', atMs: at(4, 8, 0, 5) },
            { kind: 'bnb-fees', atMs: at(3, 0), on: false },
            {
              kind: 'withdrawal',
              atMs: at(4, 19, 5, 55),
              asset: 'USDT',
              amount: '900',
              fee: '4',
              outcome: 'refused',
              settleMs: 47 * minuteMs,
            },
            { kind: 'unexplained', atMs: at(4, 11, 52, 31), asset: 'BTC', amount: '-0.0031' },
            {
              kind: 'deposit',
              atMs: at(5, 2, 58, 41),
              asset: 'BTC',
              amount: '0.05',
              pendingMs: 35 * minuteMs,
            },
          ] satisfies PlannedEvent[]
        ).filter(isRead),
      },
    ],
  }
}

function usualFaults(at: At, ledgerPath: string): Faults {
  // polls come with the hour, which begins in each of these
  return [
    { kind: 'bad-gateway', fromMs: at(2, 3, 30), toMs: at(2, 3, 50) },
    { kind: 'clock-skew', fromMs: at(2, 12, 0), toMs: at(2, 18, 0), skewMs: -1_500 },
    { kind: 'refuse', fromMs: at(3, 17, 50), toMs: at(3, 21, 20) },
    { kind: 'html', fromMs: at(4, 2, 30), toMs: at(4, 2, 50) },
    { kind: 'truncate', fromMs: at(4, 5, 30), toMs: at(4, 5, 50), path: ledgerPath },
    { kind: 'ban', fromMs: at(4, 15, 30), toMs: at(4, 15, 50) },
    { kind: 'unavailable', fromMs: at(4, 22, 30), toMs: at(5, 1, 10) },
    { kind: 'rate-limit', fromMs: at(5, 6, 38), toMs: at(5, 6, 42) },
  ]
}

/** Nothing says there what a key may do, or there is no key. */
const unverified: ReadonlySet<string> = new Set(['hyperliquid'])

/** Else a minute's turnover is told. */
const told: Readonly<Record<string, Told>> = {
  coinbase: 'volume',
  hyperliquid: 'volume',
  kraken: 'average',
}

export async function ledgerDays(t: Test, options: LedgerDays): Promise<void> {
  const {
    exchange,
    accountType = 'spot',
    seed,
    ledgerPath,
    symbols = usualSymbols,
    days = 5,
    daysBefore = 0,
    datedAtMs = ({ atMs }: Change) => atMs,
  } = options
  const startMs = Date.UTC(2026, 2, 1, 7, 20)
  const isRead = (event: PlannedEvent): boolean =>
    event.atMs > startMs + daysBefore * dayMs || !isUntold(event)
  const at: At = (day, hour, minute = 0, second = 0) =>
    startMs + (day - 1) * dayMs + hour * hourMs + minute * minuteMs + second * secondMs
  const backend = await startBackend()
  const simulator = await startSimulator({
    exchange,
    seed,
    startMs,
    scenario: options.scenario?.(at, startMs) ?? usualScenario(at, symbols, isRead),
    faults: options.faults?.(at) ?? usualFaults(at, ledgerPath),
  })
  const composed = await startComposed({
    startMs,
    exchange,
    exchangeUrl: simulator.url,
    backendUrl: backend.url,
    pauseMs: hourMs,
    config: daysBefore === 0 ? {} : { backfill_days: options.backfillDays ?? 730 },
  })
  t.teardown(async () => {
    await composed.close()
    await Promise.all([backend.close(), simulator.close()])
  })
  const { daemon, clock } = composed
  const account = simulator.accounts[0]!
  const advance = (atMs: number): void => simulator.advanceTo(atMs)
  await stepUntil(daemon, clock, startMs + daysBefore * dayMs, advance)
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  const clientKey = await newSigningKey()
  for (const type of options.joining === undefined ? [accountType] : [accountType, options.joining]) {
    const { receipt } = await client.register({
      clientId: 'trader',
      exchange,
      config: { accountType: type },
      credentials: credentialsOf(account),
      clientKey,
      insecureSimulated: true,
      ttlSeconds: 60 * 86_400,
    })
    t.equal(receipt.status, 'active')
    t.equal(receipt.permissions, unverified.has(exchange) ? 'unverified' : 'read-only')
  }

  await stepUntil(daemon, clock, startMs + days * dayMs, advance)

  const { statements } = backend
  const gaps = statements.flatMap(({ metadata }) =>
    metadata.coverage.gaps.map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) })),
  )
  const hours = statements
    .filter(({ metadata }) => metadata.type === 'period')
    .flatMap((each) => each.hourly_buckets)
    .toSorted((a, b) => (a.t < b.t ? -1 : 1))
  t.comment(`troubles: ${JSON.stringify(Object.fromEntries(composed.troubles))}`)
  const expected = expectedHours(simulator.truth, {
    accountId: account.uid,
    ...(options.wallets === undefined ? {} : { wallets: options.wallets }),
    fromMs: Date.parse(hours[0]!.t),
    toMs: Date.parse(hours.at(-1)!.t) + hourMs,
    anchorsMs: composed.anchorsMs,
    gaps,
    told: told[exchange] ?? 'turnover',
    ...(exchange === 'binance'
      ? {}
      : { datedAtMs: (change: Change) => datedAtMs(change, composed.anchorsMs) }),
  })
  const mismatches = compare(
    expected.map((row) => renamed(row, options.coins ?? {})),
    statements,
  )
  t.comment(`${expected.length} hours compared, ${mismatches.length} mismatches, ${gaps.length} gaps`)
  t.same(mismatches.slice(0, 40), [], 'every bucket and total is right')
  t.same(gaps, [], 'no hour is lost')
  t.same(flowsMissed(expected, statements), [], 'every flow is one, and nothing else is')
  t.ok(expected.length >= days * 24 - 4)
  t.ok(hours.reduce((sum, { trades }) => sum + trades, 0) > (options.tradesMin ?? 100))
  t.ok(
    statements.every(
      (each) => each.exchange === exchange && each.metadata.source.environment === 'simulated',
    ),
  )
}

/** Hours whose statement counts other flows than there were; those that were corrected are counted by no statement. */
function flowsMissed(expected: readonly ExpectedHour[], statements: readonly Statement[]): readonly string[] {
  const corrected = new Set(
    statements
      .filter(({ metadata }) => metadata.type === 'correction')
      .flatMap((each) => each.hourly_buckets.map((bucket) => bucket.t)),
  )
  return statements
    .filter(({ metadata, hourly_buckets }) => {
      return metadata.type === 'period' && !hourly_buckets.some((bucket) => corrected.has(bucket.t))
    })
    .flatMap(({ hourly_buckets, metadata }) => {
      const startsMs = new Set(hourly_buckets.map((bucket) => Date.parse(bucket.t)))
      const own = expected.filter(({ startMs }) => startsMs.has(startMs))
      const count = own.reduce((sum, { flows }) => sum + flows.count, 0)
      const netUsd = own.reduce((sum, { flows }) => sum + Number(flows.netUsd), 0)
      const { flows } = metadata
      const isSame =
        flows.count === count && Math.abs(flows.net_usd - netUsd) <= 1e-6 * Math.max(1, Math.abs(netUsd))
      return isSame ? [] : [`${hourly_buckets[0]?.t}: ${flows.count} ${flows.net_usd} for ${count} ${netUsd}`]
    })
}

/** Of an address there is nothing else to know. */
function credentialsOf({ apiKey, secret, passphrase, walletAddress }: SimulatedAccount): ExchangeCredentials {
  if (walletAddress !== undefined) return { wallet_address: walletAddress }
  return { api_key: apiKey, secret, ...(passphrase === undefined ? {} : { passphrase }) }
}

function renamed(row: ExpectedHour, coins: Readonly<Record<string, string>>): ExpectedHour {
  const unreconciled = row.unreconciled.map((each) => ({ ...each, asset: coins[each.asset] ?? each.asset }))
  return { ...row, unreconciled }
}
