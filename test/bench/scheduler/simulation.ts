import { hourMs, hourOf } from '@perf-agg/sdk'
import { endpoints, budgets } from '../../../src/collector/binance/endpoint.ts'
import type { Setting, Strategy } from './strategy.ts'

/** What a strategy came to, over the hours after it has settled. */
export interface Outcome {
  readonly name: string
  /** Seconds from an event to the end of the poll that read it. */
  readonly freshnessS: { readonly p50: number; readonly p90: number; readonly p99: number }
  /** Of the weight that was spent: on polls that brought news, or were the first after an hour's end. */
  readonly usefulShare: number
  /** Of the weight that the addresses may spend. */
  readonly usedShare: number
  /** Of (account, hour): read within 15 minutes of its end, and within the 2 hours that make it `observed`. */
  readonly within15Min: number
  readonly within2H: number
  readonly polls: number
  /** Mean seconds from an event to the end of the poll that read it. */
  readonly meanS: number
}

const requestMs = 80
/** A poll under way at each address needs memory: so many at once. */
const underWayMax = 16

/** What a binance spot poll costs: the balances; with news the markets that moved; once an hour every list. */
export function costOf(
  news: number,
  symbols: number,
  thorough: boolean,
): { ip: number; sapi: number; requests: number } {
  const { account, time, myTrades, deposits, dividends } = endpoints
  const balances = account.weight + time.weight
  const read = thorough ? symbols : Math.min(news, symbols)
  const lists = thorough ? 4 * deposits.weight + dividends.weight : 0
  return {
    ip: balances + read * myTrades.weight,
    sapi: lists,
    requests: 2 + read + (thorough ? 5 : 0),
  }
}

/** Lets a strategy run from `startMs`; what happens before `measuredMs` is for it to settle. */
export function simulate(
  strategy: Strategy,
  { accounts, placeOf, startMs }: Setting,
  { measuredMs, endMs }: { readonly measuredMs: number; readonly endMs: number },
): Outcome {
  const states = new Map(
    accounts.map((account) => [
      account.key,
      { account, next: 0, thoroughHourMs: 0, hours: new Map<number, number>() },
    ]),
  )
  const used = new Map<string, { minute: number; ip: number; sapi: number }>()
  const ending: { atMs: number; key: string; beganMs: number; news: number; thorough: boolean }[] = []
  const delays: number[] = []
  let [useful, spentAll, polls] = [0, 0, 0]
  let nowMs = startMs
  const begin = (key: string): void => {
    const state = states.get(key)!
    const { newsMs, symbols } = state.account
    let news = 0
    while (state.next + news < newsMs.length && newsMs[state.next + news]! <= nowMs) news += 1
    const thorough = state.thoroughHourMs !== hourOf(nowMs - 5_000)
    const { requests } = costOf(news, symbols, thorough)
    ending.push({ atMs: nowMs + requests * requestMs, key, beganMs: nowMs, news, thorough })
    ending.sort((a, b) => a.atMs - b.atMs)
  }
  const end = ({ key, beganMs, news, thorough }: (typeof ending)[number]): void => {
    const state = states.get(key)!
    const { account } = state
    const cost = costOf(news, account.symbols, thorough)
    for (let index = 0; index < news; index += 1) {
      const atMs = account.newsMs[state.next + index]!
      if (atMs >= measuredMs) delays.push((nowMs - atMs) / 1_000)
    }
    state.next += news
    const settledHourMs = hourOf(beganMs - 5_000)
    if (thorough) {
      state.thoroughHourMs = settledHourMs
      // every hour that ended since the last such poll
      for (let hour = settledHourMs; !state.hours.has(hour) && hour > startMs; hour -= hourMs) {
        state.hours.set(hour, nowMs - hour)
      }
    }
    if (beganMs >= measuredMs) {
      polls += 1
      spentAll += cost.ip
      if (news > 0 || thorough) useful += cost.ip
    }
    const place = placeOf(key)
    const minute = Math.floor(nowMs / 60_000)
    const known = used.get(place)
    const now = known?.minute === minute ? known : { minute, ip: 0, sapi: 0 }
    now.ip += cost.ip
    now.sapi += cost.sapi
    used.set(place, now)
    strategy.done(key, nowMs, {
      news: news > 0,
      spent: { ip: cost.ip, sapi: cost.sapi },
      budgets: {
        ip: { limitOfMinute: budgets['ip']!.limitOfMinute, usedOfMinute: now.ip },
        sapi: { limitOfMinute: budgets['sapi']!.limitOfMinute, usedOfMinute: now.sapi },
      },
    })
  }
  while (nowMs < endMs) {
    for (const key of strategy.take(nowMs, underWayMax - ending.length)) begin(key)
    const busy = ending.length >= underWayMax
    const nextMs = Math.min(
      ending[0]?.atMs ?? Infinity,
      busy ? Infinity : Math.max(strategy.nextMs(nowMs), nowMs + 20),
    )
    if (nextMs === Infinity) break
    nowMs = nextMs
    while (ending[0] !== undefined && ending[0].atMs <= nowMs) end(ending.shift()!)
  }
  delays.sort((a, b) => a - b)
  const of = (share: number): number =>
    delays[Math.min(Math.floor(share * delays.length), delays.length - 1)] ?? 0
  const spans: number[] = []
  for (const { hours } of states.values()) {
    for (let hour = hourOf(measuredMs) + hourMs; hour <= endMs - 2 * hourMs; hour += hourMs) {
      spans.push(hours.get(hour) ?? Infinity)
    }
  }
  const within = (ms: number): number => spans.filter((span) => span <= ms).length / Math.max(spans.length, 1)
  const places = new Set(accounts.map(({ key }) => placeOf(key))).size
  const minutes = (endMs - measuredMs) / 60_000
  return {
    name: strategy.name,
    freshnessS: { p50: of(0.5), p90: of(0.9), p99: of(0.99) },
    usefulShare: useful / spentAll,
    usedShare: spentAll / (places * minutes * budgets['ip']!.limitOfMinute),
    within15Min: within(15 * 60_000),
    within2H: within(2 * hourMs),
    polls,
    meanS: delays.reduce((sum, delay) => sum + delay, 0) / Math.max(delays.length, 1),
  }
}
