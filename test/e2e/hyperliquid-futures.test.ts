import { hourMs, minuteMs, newSigningKey, PerfAggClient } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { stepUntil } from '../../src/daemon/stepping.ts'
import { startServer } from '../egress/hostile-server.ts'
import { startBackend, startComposed } from './enclave.ts'

/** Some hours of one position at hyperliquid, through the whole enclave: returns as one works them out by hand. */

const user = `0x${'ab'.repeat(20)}`
const startMs = Date.UTC(2026, 2, 1, 7, 20)
const at = (hour: number, minute: number, ms = 0) => Date.UTC(2026, 2, 1, hour, minute) + ms

/** What happened, and what it did to the cash: `position` is the change in BTC. */
const story = [
  { atMs: at(8, 30), cash: -5_000 - 2.25, position: 0.1 },
  { atMs: at(10, 0, 33), cash: -1.5, position: 0 },
  { atMs: at(10, 40), cash: 1_000, position: 0 },
  { atMs: at(11, 20), cash: 5_150 - 2.3175, position: -0.1 },
] as const

function priceAt(atMs: number): number {
  if (atMs >= at(11, 15)) return 51_500
  return atMs >= at(9, 30) ? 51_000 : 50_000
}

class World {
  nowMs = startMs
  url = ''

  static async open(t: Test): Promise<World> {
    const world = new World()
    const server = await startServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const answer = world.answer(JSON.parse(Buffer.concat(parts).toString()) as Asked)
        response.writeHead(answer === undefined ? 422 : 200).end(JSON.stringify(answer ?? 'no'))
      })
    })
    t.teardown(() => server.close())
    world.url = server.url
    return world
  }

  answer(asked: Asked): unknown {
    const { nowMs } = this
    const past = story.filter(({ atMs }) => atMs <= nowMs)
    const since = Number(asked.startTime ?? 0)
    const until = Math.min(Number(asked.endTime ?? nowMs), nowMs)
    const told = story.filter(({ atMs }) => atMs >= since && atMs <= until)
    switch (asked.type) {
      case 'exchangeStatus':
        return { time: nowMs }
      case 'meta':
        return { universe: [{ name: 'BTC', szDecimals: 5 }] }
      case 'spotMeta':
        return { universe: [], tokens: [] }
      case 'userAbstraction':
        return 'disabled'
      case 'clearinghouseState': {
        const cash = past.reduce((sum, each) => sum + each.cash, 10_000)
        const size = past.reduce((sum, { position }) => sum + position, 0)
        const value = size * priceAt(nowMs)
        const position = {
          coin: 'BTC',
          szi: size.toFixed(5),
          entryPx: '50000.0',
          positionValue: value.toFixed(6),
        }
        return {
          marginSummary: {
            accountValue: (cash + value).toFixed(6),
            totalNtlPos: value.toFixed(6),
            totalRawUsd: cash.toFixed(6),
            totalMarginUsed: '0',
          },
          assetPositions: size > 0.001 ? [{ type: 'oneWay', position }] : [],
          time: nowMs,
        }
      }
      case 'userFillsByTime':
        return told
          .filter(({ position }) => position !== 0)
          .map(({ atMs, position }) => ({
            coin: 'BTC',
            px: position > 0 ? '50000.0' : '51500.0',
            sz: '0.1',
            side: position > 0 ? 'B' : 'A',
            time: atMs,
            dir: position > 0 ? 'Open Long' : 'Close Long',
            closedPnl: '0.0',
            hash: '0x1',
            oid: 1,
            tid: atMs,
            fee: position > 0 ? '2.25' : '2.3175',
            feeToken: 'USDC',
          }))
      case 'userFunding':
        return told
          .filter(({ cash }) => cash === -1.5)
          .map(({ atMs }) => ({
            time: atMs,
            hash: '0x0',
            delta: { type: 'funding', coin: 'BTC', usdc: '-1.5', szi: '0.1', fundingRate: '0.0003' },
          }))
      case 'userNonFundingLedgerUpdates':
        return told
          .filter(({ cash }) => cash === 1_000)
          .map(({ atMs }) => ({ time: atMs, hash: '0x2', delta: { type: 'deposit', usdc: '1000.0' } }))
      case 'candleSnapshot':
        return candles(asked.req ?? { startTime: 0, endTime: 0 }, nowMs)
      default:
        return undefined
    }
  }
}

interface Asked {
  readonly type: string
  readonly startTime?: number
  readonly endTime?: number
  readonly req?: { readonly startTime: number; readonly endTime: number }
}

function candles({ startTime, endTime }: { startTime: number; endTime: number }, nowMs: number): object[] {
  const rows: object[] = []
  for (let minute = startTime; minute <= Math.min(endTime, nowMs); minute += minuteMs) {
    const price = priceAt(minute).toFixed(1)
    rows.push({ t: minute, T: minute + minuteMs - 1, o: price, c: price, h: price, l: price, v: '3', n: 2 })
  }
  return rows
}

t.test('a position, its funding and a deposit', async (t) => {
  const world = await World.open(t)
  const backend = await startBackend()
  const composed = await startComposed({
    startMs,
    exchange: 'hyperliquid',
    exchangeUrl: world.url,
    backendUrl: backend.url,
    pauseMs: 10 * minuteMs,
  })
  t.teardown(async () => {
    await composed.close()
    await backend.close()
  })
  const { daemon, clock } = composed
  const client = new PerfAggClient({ serviceUrl: daemon.urls.enclave, nowMs: () => clock.nowMs() })
  const { receipt } = await client.register({
    clientId: 'trader',
    exchange: 'hyperliquid',
    config: { accountType: 'futures' },
    credentials: { wallet_address: user },
    clientKey: await newSigningKey(),
    insecureSimulated: true,
  })
  t.match(receipt, { status: 'active', permissions: 'unverified', ownership: 'unproven' })
  await stepUntil(daemon, clock, startMs + 5 * hourMs, (atMs) => {
    world.nowMs = atMs
  })
  const troubles = [...composed.troubles.keys()].filter((name) => !name.startsWith('surroundings-unsafe'))
  t.same(troubles, [])
  const periods = backend.statements.filter(({ metadata }) => metadata.type === 'period')
  const hours = new Map(periods.flatMap((each) => each.hourly_buckets.map((hour) => [hour.t, hour] as const)))
  const expected = [
    // bought: the fee is lost
    [8, (10_000 - 2.25) / 10_000, 1, 2.25],
    // 0.1 of 1,000
    [9, (9_997.75 + 100) / 9_997.75, 0, 0],
    // funding before the deposit, which is no gain
    [10, (10_097.75 - 1.5) / 10_097.75, 0, 0],
    // sold: 0.1 of 500, less the fee
    [11, (11_096.25 + 50 - 2.3175) / 11_096.25, 1, 2.3175],
  ] as const
  for (const [hour, growth, trades, fees] of expected) {
    const bucket = hours.get(new Date(at(hour, 0)).toISOString())
    t.ok(
      Math.abs((bucket?.return_pct ?? Number.NaN) - (growth - 1) * 100) < 1e-9,
      `${hour}: ${bucket?.return_pct}`,
    )
    t.match(bucket, { trades, fees_usd: fees })
  }
  t.ok(periods.every(({ metadata }) => metadata.source.ownership === 'unproven'))
})
