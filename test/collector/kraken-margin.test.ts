import { hourMs } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { documentedBody, type Served, serveExchange } from './served.ts'

/** Margin positions at kraken through the real processes: what is open, and what its ledger says of opening and closing. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const good = (result: unknown): object => ({ error: [], result })

const pairs = {
  XXBTZUSD: { altname: 'XBTUSD', base: 'XXBT', quote: 'ZUSD', status: 'online' },
  XETHZEUR: { altname: 'ETHEUR', base: 'XETH', quote: 'ZEUR', status: 'online' },
}

const usual: Readonly<Record<string, Served>> = {
  '/0/public/AssetPairs': good(pairs),
  '/0/private/OpenPositions': good({}),
  '/0/private/Balance': good({}),
  '/0/private/Ledgers': good({ ledger: {}, count: 0 }),
  '/0/private/TradesHistory': good({ trades: {}, count: 0 }),
}

async function serve(t: Test, answers: Readonly<Record<string, Served>>) {
  const exchange = await serveExchange(t, 'kraken', {
    nowMs,
    sinceMs: nowMs - hourMs,
    marketTypes: ['spot', 'margin'],
    answers: {
      ...usual,
      '/0/public/Time': () => good({ unixtime: Math.floor(exchange.clock.atMs / 1_000) }),
      ...answers,
    },
  })
  return exchange
}

const seconds = (minutes: number): number => nowMs / 1_000 + minutes * 60

function trade(type: 'buy' | 'sell', volume: string, price: string, cost: string, more: object): object {
  const row = { pair: 'XETHZEUR', type, ordertype: 'limit', price, cost, fee: '9', vol: volume, misc: '' }
  return { ...row, margin: '1', ...more }
}

function ledger(...rows: readonly (readonly [string, string, string, string, string, number])[]): object {
  const named = rows.map(([refid, type, asset, amount, fee, time], index) => [
    `L${index}`,
    { refid, type, subtype: '', asset, amount, fee, time, balance: '1' },
  ])
  return good({ ledger: Object.fromEntries(named), count: rows.length })
}

const position = { pair: 'XETHZEUR', type: 'sell', posstatus: 'open', oflags: '', fee: '1' }

t.test('documented positions are what is left of them, less what that cost', async (t) => {
  const positions = documentedBody('kraken/Spot/Account/GetOpenPositions.txt')
  const other = documentedBody('nautilus/kraken/http_spot_open_positions.json')
  if (positions === null || other === null) return t.comment('no reference folder here')
  const exchange = await serve(t, {
    '/0/private/OpenPositions': positions,
    '/0/private/Balance': good({ ZUSD: '300000.0000', XXBT: '1.0000000000' }),
  })
  t.match(await exchange.poll(), {
    observation: {
      complete: true,
      anchor: {
        balances: [
          // 1 + (8.82412861 - 0.202) + 8 + 0.0000001 + 0.0001 + 0.0008999
          { asset: 'BTC', amount: '17.62312861' },
          // 300000 - 104610.52842 - 145756.76856 - 0.0024 - 2.4 - 21.5976
          { asset: 'USD', amount: '49608.70302' },
        ],
      },
    },
  })
  exchange.answers.set('/0/private/OpenPositions', other)
  exchange.answers.set('/0/private/Balance', good({ ZUSD: '60000.0000' }))
  t.match(await exchange.poll(), {
    observation: {
      anchor: {
        balances: [
          { asset: 'BTC', amount: '0.5' },
          { asset: 'USD', amount: '10000' },
        ],
      },
    },
  })
})

t.test('a position is opened, costs interest, is closed in part, taken over, and lost', async (t) => {
  const wallet = (eth: string, eur: string) => good({ XETH: eth, ZEUR: eur })
  const exchange = await serve(t, { '/0/private/Balance': wallet('10', '0.0000') })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code)

  // 2 ETH are sold short for 500.00001; the fee and the interest are taken in ETH
  const opened = trade('sell', '2', '250.000005', '500.00001', { posstatus: 'open', time: seconds(1) })
  const one = [
    ['TOPEN', 'margin', 'XETH', '0.0000000000', '0.0036000000', seconds(1)],
    ['TOPEN', 'rollover', 'XETH', '0.0000000000', '0.0004000000', seconds(2)],
  ] as const
  exchange.clock.atMs = nowMs + 5 * 60_000
  exchange.answers.set('/0/private/Ledgers', ledger(...one))
  exchange.answers.set('/0/private/TradesHistory', good({ trades: { TOPEN: opened }, count: 1 }))
  exchange.answers.set('/0/private/Balance', wallet('9.9960000000', '0.0000'))
  exchange.answers.set(
    '/0/private/OpenPositions',
    good({ TOPEN: { ...position, vol: '2', vol_closed: '0', cost: '500.00001' } }),
  )
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code)
  t.match(second.observation, {
    complete: true,
    fills: [
      {
        id: 'TOPEN',
        market: 'margin',
        symbol: 'ETH/EUR',
        side: 'sell',
        quantity: '2',
        quoteQuantity: '500.00001',
        fees: [{ asset: 'ETH', amount: '0.0036' }],
        execution: 'trade',
      },
    ],
    incomes: [{ income: 'interest', asset: 'ETH', amount: '-0.0004' }],
    flows: [],
    conversions: [],
    anchor: {
      balances: [
        { asset: 'ETH', amount: '7.996' },
        { asset: 'EUR', amount: '500.00001' },
      ],
    },
  })

  // half is bought back for 240: 250.000005 - 240 are booked as 10.0000, the rest of the cost as 250.00000
  const half = trade('buy', '1', '240', '240', { time: seconds(6), misc: 'closing' })
  const two = [...one, ['THALF', 'margin', 'ZEUR', '10.0000', '0.4000', seconds(6)]] as const
  exchange.clock.atMs = nowMs + 10 * 60_000
  exchange.answers.set('/0/private/Ledgers', ledger(...two))
  exchange.answers.set('/0/private/TradesHistory', good({ trades: { TOPEN: opened, THALF: half }, count: 2 }))
  exchange.answers.set('/0/private/Balance', wallet('9.9960000000', '9.6000'))
  exchange.answers.set(
    '/0/private/OpenPositions',
    good({ TOPEN: { ...position, vol: '2', vol_closed: '1', cost: '250.00000' } }),
  )
  const third = await exchange.poll({ cursor: second.cursor })
  if (third.kind === 'failed') return t.fail(third.code)
  t.match(third.observation, {
    complete: true,
    fills: [{ id: 'TOPEN' }, { id: 'THALF', side: 'buy', fees: [{ asset: 'EUR', amount: '0.4' }] }],
    incomes: [{ amount: '-0.0004' }, { id: /^rounding\.EUR\./, asset: 'EUR', amount: '-0.00001' }],
    anchor: {
      balances: [
        { asset: 'ETH', amount: '8.996' },
        // 9.6 and 250
        { asset: 'EUR', amount: '259.6' },
      ],
    },
  })

  // 0.4 are given back out of the wallet: nothing is gained or lost, and no trade was made
  const given = trade('buy', '0.4', '250', '100', { time: seconds(11), ordertype: 'settle-position' })
  const three = [
    ...two,
    ['TGIVEN', 'settled', 'XETH', '-0.4000000000', '0', seconds(11)],
    ['TGIVEN', 'settled', 'ZEUR', '100.0000', '0', seconds(11)],
  ] as const
  const trades = { TOPEN: opened, THALF: half, TGIVEN: given }
  exchange.clock.atMs = nowMs + 15 * 60_000
  exchange.answers.set('/0/private/Ledgers', ledger(...three))
  exchange.answers.set('/0/private/TradesHistory', good({ trades, count: 3 }))
  exchange.answers.set('/0/private/Balance', wallet('9.5960000000', '109.6000'))
  exchange.answers.set(
    '/0/private/OpenPositions',
    good({ TOPEN: { ...position, vol: '2', vol_closed: '1.4', cost: '150.00000' } }),
  )
  const fourth = await exchange.poll({ cursor: third.cursor })
  if (fourth.kind === 'failed') return t.fail(fourth.code)
  t.strictSame(fourth.observation.fills, [], 'the same is held: there is nothing to read')
  t.match(fourth.observation, {
    complete: true,
    flows: [],
    conversions: [],
    anchor: {
      balances: [
        { asset: 'ETH', amount: '8.996' },
        { asset: 'EUR', amount: '259.6' },
      ],
    },
  })

  // the rest is bought back for 300: of the 150 that are lost the euros pay 109.1, ether the other 40.9
  const last = trade('buy', '0.6', '500', '300', { time: seconds(16), misc: 'closing,liquidated' })
  const four = [
    ...three,
    ['TLAST', 'margin', 'ZEUR', '-109.1000', '0.5000', seconds(16)],
    ['TLAST', 'margin', 'XETH', '-0.0900000000', '0', seconds(16)],
  ] as const
  exchange.clock.atMs = nowMs + 20 * 60_000
  exchange.answers.set('/0/private/Ledgers', ledger(...four))
  exchange.answers.set('/0/private/TradesHistory', good({ trades: { ...trades, TLAST: last }, count: 4 }))
  exchange.answers.set('/0/private/Balance', wallet('9.5060000000', '0.0000'))
  exchange.answers.set('/0/private/OpenPositions', good({}))
  const fifth = await exchange.poll({ cursor: fourth.cursor })
  if (fifth.kind === 'failed') return t.fail(fifth.code)
  t.equal(fifth.observation.complete, true)
  t.match(fifth.observation.fills.at(-1), { id: 'TLAST', execution: 'liquidation', quoteQuantity: '300' })
  t.match(fifth.observation.conversions, [
    {
      conversion: 'convert',
      changes: [
        { asset: 'ETH', amount: '-0.09' },
        { asset: 'EUR', amount: '40.9' },
      ],
    },
  ])
  t.strictSame(fifth.observation.anchor?.balances, [{ asset: 'ETH', amount: '9.506' }])
})

t.test('trades of next to nothing, and positions that can not be', async (t) => {
  const cheap = (more: object) => trade('buy', '0.00000001', '0.1', '0.00000', { time: seconds(-5), ...more })
  const exchange = await serve(t, {
    '/0/private/TradesHistory': good({ trades: { T1: cheap({ margin: '0' }), T2: cheap({}) }, count: 2 }),
  })
  t.match(await exchange.poll(), {
    observation: {
      fills: [
        { id: 'T1', market: 'spot', quoteQuantity: '0.000000001' },
        { id: 'T2', market: 'margin', quoteQuantity: '0.000000001' },
      ],
    },
  })
  for (const cost of ['NaN', '-1', '1e999', '', null, true]) {
    exchange.answers.set('/0/private/TradesHistory', good({ trades: { T1: cheap({ cost }) }, count: 1 }))
    t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, String(cost))
  }
  exchange.answers.set('/0/private/TradesHistory', good({ trades: {}, count: 0 }))
  const sound = { ...position, vol: '2', vol_closed: '0', cost: '500' }
  for (const strange of [
    { cost: 'NaN' },
    { vol: '0' },
    { vol: '-1' },
    { vol_closed: '3' },
    { pair: 'NOTHERE' },
    { type: 'both' },
    { oflags: 'viqc' },
    { cost: undefined },
  ]) {
    exchange.answers.set('/0/private/OpenPositions', good({ T: { ...sound, ...strange } }))
    const answer = await exchange.poll()
    t.match(answer, { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, JSON.stringify(strange))
  }
  exchange.answers.set('/0/private/OpenPositions', good({ T: { ...sound, vol_closed: undefined } }))
  t.match(await exchange.poll(), {
    observation: {
      anchor: {
        balances: [
          { asset: 'ETH', amount: '-2' },
          { asset: 'EUR', amount: '500' },
        ],
      },
    },
  })
})

t.test('the documented time', async (t) => {
  const time = documentedBody('nautilus/kraken/http_server_time.json')
  if (time === null) return t.comment('no reference folder here')
  const exchange = await serve(t, { '/0/public/Time': time })
  exchange.clock.atMs = 1_762_820_226_000
  t.match(await exchange.check(), { kind: 'failed' }, 'no key is told here')
  exchange.answers.set(
    '/0/private/GetApiKeyInfo',
    good({
      iban: 'AA12 N84G 0000 0000',
      permissions: ['query-funds', 'query-open-trades', 'query-closed-trades', 'query-ledger'],
    }),
  )
  // 1762820224 seconds, and our clock two ahead
  t.match(await exchange.check(), { kind: 'checked', origin: { serverTimeSkewMs: 2_000 } })
})
