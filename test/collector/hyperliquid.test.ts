import { hourMs, minuteMs, parseDecimal } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import type { Wallet } from '../../src/accounting/observation.ts'
import { ownDex } from '../../src/collector/hyperliquid/listing.ts'
import { perpStateOf, spotBalancesOf } from '../../src/collector/hyperliquid/state.ts'
import { documentedBody, serveExchange } from './served.ts'

/** The two wallets of an address at hyperliquid through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)
const user = `0x${'ab'.repeat(20)}`
const other = `0x${'cd'.repeat(20)}`

type Asked = Readonly<Record<string, unknown>>
/** By the word in the body. */
type Answers = Readonly<Record<string, string | object | ((asked: Asked) => unknown)>>

const spotMeta = {
  universe: [
    { tokens: [1, 0], name: 'PURR/USDC', index: 0, isCanonical: true },
    { tokens: [254, 0], name: '@156', index: 156, isCanonical: false },
    { tokens: [197, 0], name: '@142', index: 142, isCanonical: false },
    { tokens: [150, 0], name: '@107', index: 107, isCanonical: false },
  ],
  tokens: [
    { name: 'USDC', index: 0 },
    { name: 'PURR', index: 1 },
    { name: 'HYPE', index: 150 },
    { name: 'UBTC', index: 197 },
    { name: 'USOL', index: 254 },
  ],
}

const usual: Answers = {
  meta: { universe: [{ name: 'BTC' }, { name: 'ETH' }, { name: 'OLD', isDelisted: true }] },
  spotMeta,
  // a host that does not know the question
  allPerpMetas: { httpStatus: 422 },
  userAbstraction: '"disabled"',
  clearinghouseState: perpState('0', []),
  spotClearinghouseState: { balances: [] },
  userFillsByTime: '[]',
  userFunding: '[]',
  userNonFundingLedgerUpdates: '[]',
}

function perpState(cash: string, positions: readonly (readonly [string, string, string, string])[]): object {
  const total = positions.reduce((sum, [, , , value]) => sum + Number(value), 0)
  const summary = { accountValue: '1', totalNtlPos: String(total), totalRawUsd: cash, totalMarginUsed: '0' }
  return {
    marginSummary: summary,
    crossMarginSummary: { ...summary, totalRawUsd: '0' },
    withdrawable: '0',
    assetPositions: positions.map(([coin, szi, entryPx, positionValue]) => ({
      type: 'oneWay',
      position: { coin, szi, entryPx, positionValue, unrealizedPnl: '0' },
    })),
    time: nowMs,
  }
}

async function serve(
  t: Test,
  given: Answers,
  options: {
    readonly wallets?: readonly Wallet[]
    readonly sinceMs?: number
    readonly atMs?: number
    readonly user?: string
  } = {},
) {
  const { wallets = ['spot', 'linear'], atMs = nowMs, sinceMs = atMs - hourMs } = options
  const answers = new Map<string, unknown>(
    Object.entries({ ...usual, exchangeStatus: { time: atMs, specialStatuses: null }, ...given }),
  )
  const exchange = await serveExchange(t, 'hyperliquid', {
    nowMs: atMs,
    sinceMs,
    marketTypes: wallets,
    credentials: { wallet_address: options.user ?? user },
    answers: {
      '/info': (_url: URL, body: string) => {
        const asked = JSON.parse(body) as Asked
        const answer = answers.get(String(asked['type']))
        const told = typeof answer === 'function' ? (answer as (asked: Asked) => unknown)(asked) : answer
        return told ?? '<html>'
      },
    },
  })
  return { ...exchange, info: answers }
}

function fill(tid: number, coin: string, side: 'B' | 'A', sz: string, px: string, more: object = {}): object {
  return {
    coin,
    px,
    sz,
    side,
    time: nowMs - minuteMs,
    startPosition: '0.0',
    dir: 'Open Long',
    closedPnl: '0.0',
    hash: '0x1',
    oid: 7,
    crossed: true,
    fee: '0.0',
    tid,
    feeToken: 'USDC',
    ...more,
  }
}

t.test('the documented fill of a perpetual, funding and ledger', async (t) => {
  const fills = documentedBody('hyperliquid/Spot/Trading/GetUserTrades.txt')
  const funding = documentedBody('hyperliquid/Futures/Account/GetFundingHistory.txt')
  const updates = documentedBody('hyperliquid/Spot/Account/GetAccountLedger.txt')
  if (fills === null || funding === null || updates === null) return t.comment('no reference folder here')
  const whole = await serve(
    t,
    { userFillsByTime: fills, userFunding: funding, userNonFundingLedgerUpdates: updates },
    { sinceMs: 1_681_222_000_000, atMs: 1_750_172_500_000 },
  )
  const answer = await whole.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.fills, [
    {
      id: '118906512037719',
      market: 'linear',
      symbol: 'AVAX/USDC:USDC',
      base: 'AVAX',
      quote: 'USDC',
      side: 'buy',
      price: '18.435',
      quantity: '93.53',
      // 18.435 × 93.53
      quoteQuantity: '1724.22555',
      fees: [{ asset: 'USDC', amount: '0.01' }],
      atMs: 1_681_222_254_710,
      execution: 'trade',
      terms: { size: '1', settle: 'USDC' },
    },
  ])
  t.match(answer.observation.incomes, [
    { income: 'funding', asset: 'USDC', amount: '-0.044263', atMs: 1_750_172_400_033 },
  ])
  const flows = (observed: typeof answer.observation) =>
    observed.flows.map(({ flow, asset, amount, atMs }) => `${flow} ${amount} ${asset} ${atMs}`)
  t.strictSame(flows(answer.observation), ['deposit 97.142685 USDC 1737370449463'], 'between both is inside')

  const spot = await serve(
    t,
    { userFillsByTime: fills, userFunding: funding, userNonFundingLedgerUpdates: updates },
    { sinceMs: 1_681_222_000_000, atMs: 1_750_172_500_000, wallets: ['spot'] },
  )
  const half = await spot.poll()
  if (half.kind === 'failed') return t.fail(half.code, { half })
  t.strictSame([half.observation.fills, half.observation.incomes], [[], []], 'what is not watched')
  t.strictSame(flows(half.observation).at(0), 'transfer -1 USDC 1736927066501')
  t.strictSame(flows(half.observation).at(-1), 'transfer -10 USDC 1737360873983')
  t.equal(half.observation.flows.length, 8)
})

t.test('the documented dust, vaults and spot fills', async (t) => {
  const fills = documentedBody('nautilus/hyperliquid/http_user_fills_dust_conversion.json')
  if (fills === null) return t.comment('no reference folder here')
  const exchange = await serve(
    t,
    { userFillsByTime: fills },
    { sinceMs: 1_762_697_000_000, atMs: 1_782_526_700_000 },
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  const { observation } = answer
  t.strictSame(
    observation.fills.map(({ id, market, symbol, side, quantity, fees, execution }) => [
      id,
      market,
      symbol,
      side,
      quantity,
      fees.map(({ asset, amount }) => `${amount} ${asset}`).join(),
      execution,
    ]),
    [
      ['567745090281031', 'spot', 'USOL/USDC', 'buy', '1.267', '0.00088689 USOL', 'trade'],
      ['540560505431791', 'linear', 'MANTA/USDC:USDC', 'sell', '114.3', '', 'settlement'],
      ['122379282851005', 'linear', 'JUP/USDC:USDC', 'buy', '440.0', '', 'trade'],
      ['17679709382320', 'linear', 'ARB/USDC:USDC', 'buy', '8552.3', '', 'trade'],
    ],
  )
  t.strictSame(observation.conversions, [
    {
      id: '229209068357.1762732800049',
      conversion: 'dust',
      changes: [
        { asset: 'UBTC', amount: '-0.0000086141' },
        // 104730.168 × 0.0000086141 is 0.9021561401688: a balance has eight places
        { asset: 'USDC', amount: '0.90215614' },
      ],
      atMs: 1_762_732_800_049,
    },
  ])
})

t.test('a documented liquidation is one only for whom it befell', async (t) => {
  const text = documentedBody('nautilus/hyperliquid/ws_user_fill_liquidation.json')
  if (text === null) return t.comment('no reference folder here')
  const { fills } = (JSON.parse(text) as { data: { fills: object[] } }).data
  for (const [name, of, execution] of [
    ['taken over', user, 'trade'],
    ['suffered', '0x360878d351f05975e25f1807a27895e1e5e004fb', 'liquidation'],
  ] as const) {
    const exchange = await serve(t, { userFillsByTime: fills }, { atMs: 1_781_528_070_000, user: of })
    t.match(
      await exchange.poll(),
      {
        observation: {
          fills: [
            {
              id: '745210434703679',
              symbol: 'BTC/USDC:USDC',
              side: 'sell',
              price: '66653.0',
              quantity: '0.001',
              quoteQuantity: '66.653',
              fees: [{ asset: 'USDC', amount: '0.009997' }],
              execution,
            },
          ],
        },
      },
      name,
    )
  }
})

t.test('the documented states', async (t) => {
  const spot = documentedBody('nautilus/hyperliquid/http_spot_clearinghouse_state.json')
  const perp = documentedBody('nautilus/hyperliquid/http_clearinghouse_state_negative_total_raw_usd.json')
  if (spot === null || perp === null) return t.comment('no reference folder here')
  t.strictSame(spotBalancesOf(JSON.parse(spot), new Map()), [
    { asset: 'HYPE', amount: '5.2' },
    { asset: 'PURR', amount: '2000' },
    { asset: 'TOKEN-10', amount: '25' },
    { asset: 'USDC', amount: '14.625485' },
  ])
  // its positions are left out: what they cost would be a loss of 22,358 dollars
  t.throws(() => perpStateOf(JSON.parse(perp), ownDex, false), { message: 'EXCHANGE_ANSWER_INVALID' })
  const exchange = await serve(t, { clearinghouseState: perp })
  t.match(await exchange.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' })
  const state = perpState('-22358.938225', [['BTC', '0.25', '90000.5', '24094.9691']])
  t.match(perpStateOf(state, ownDex, false), {
    // −22358.938225 + 0.25 × 90000.5
    wallet: parseDecimal('141.186775'),
    positions: [
      {
        market: 'linear',
        symbol: 'BTC/USDC:USDC',
        base: 'BTC',
        quote: 'USDC',
        terms: { size: '1', settle: 'USDC' },
        quantity: '0.25',
        entry: '90000.5',
      },
    ],
  })
})

t.test('from poll to poll, to the last unit, whatever entry is told', async (t) => {
  const exchange = await serve(t, {
    clearinghouseState: perpState('1000', []),
    spotClearinghouseState: { balances: [{ coin: 'USDC', total: '500', hold: '10' }] },
  })
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [{ asset: 'USDC', amount: '1500' }])
  const time = nowMs + minuteMs
  const laterMs = nowMs + 2 * minuteMs
  exchange.clock.atMs = laterMs
  exchange.info.set('exchangeStatus', { time: laterMs })
  exchange.info.set('userFillsByTime', [
    fill(1, 'BTC', 'B', '0.01', '50000.5', { time, fee: '0.225' }),
    fill(2, 'BTC', 'B', '0.02', '50100.7', { time, fee: '-0.01' }),
    fill(3, 'ETH', 'A', '1.5', '3000.1', { time, dir: 'Auto-Deleveraging', fee: '0' }),
    fill(4, '@107', 'B', '2', '25.5', { time, dir: 'Buy', fee: '0.001', feeToken: 'HYPE' }),
    fill(5, 'xyz:TSLA', 'B', '2', '300', { time }),
    fill(6, '@9999', 'B', '2', '3', { time, dir: 'Buy' }),
  ])
  exchange.info.set('userFunding', [
    {
      time,
      hash: '0x0',
      delta: { type: 'funding', coin: 'BTC', usdc: '-0.012345', szi: '0.03', fundingRate: '0.0000125' },
    },
  ])
  const update = (type: string, more: object) => ({ time, hash: '0x9', delta: { type, ...more } })
  exchange.info.set('userNonFundingLedgerUpdates', [
    update('withdraw', { usdc: '20', nonce: 1, fee: '1.0' }),
    update('accountClassTransfer', { usdc: '100', toPerp: true }),
    update('spotTransfer', {
      token: 'HYPE',
      amount: '0.5',
      usdcValue: '12',
      user,
      destination: other,
      fee: '1.0',
      nativeTokenFee: '0.0',
    }),
    update('internalTransfer', {
      usdc: '7',
      user: other,
      destination: user.toUpperCase().replace('X', 'x'),
      fee: '1',
    }),
    update('vaultDeposit', { vault: other, usdc: '30' }),
    update('send', {
      user,
      destination: user,
      sourceDex: 'spot',
      destinationDex: 'xyz',
      token: 'USDC',
      amount: '40',
      fee: '0',
      nativeTokenFee: '0',
    }),
    update('rewardsClaim', { amount: '2' }),
    update('liquidation', { liquidatedNtlPos: '1', accountValue: '1', leverageType: 'Cross' }),
    update('something new', { usdc: '5' }),
  ])
  // perps: 1000 − 500.005 − 0.225 − 1002.014 + 0.01 + 4500.15 − 0.012345 − 21 + 100 + 7 − 30 + 2
  exchange.info.set(
    'clearinghouseState',
    perpState('4055.903655', [
      // an average entry that is rounded: 50067.3
      ['BTC', '0.03', '50067.3', '1503'],
      ['ETH', '-1.5', '3000.1', '4500'],
      ['OLD', '0.0', '1', '0'],
    ]),
  )
  // spot: 500 − 51 − 100 − 1 − 40, and 2 − 0.001 − 0.5
  exchange.info.set('spotClearinghouseState', {
    balances: [
      { coin: 'USDC', total: '308' },
      { coin: 'HYPE', total: '1.499' },
    ],
  })
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.match(observation, {
    complete: true,
    unavailable: ['fills.9999'],
    anchor: {
      atMs: laterMs,
      balances: [
        { asset: 'HYPE', amount: '1.499' },
        // 308 + 4055.903655 + 0.03 × 50067.3 − 1.5 × 3000.1
        { asset: 'USDC', amount: '1365.772655' },
      ],
      positions: [
        { symbol: 'BTC/USDC:USDC', quantity: '0.03', entry: '50067.3' },
        { symbol: 'ETH/USDC:USDC', quantity: '-1.5', entry: '3000.1' },
      ],
    },
  })
  t.strictSame(
    observation.fills.map(({ id, execution, market }) => `${id} ${market} ${execution}`),
    ['1 linear trade', '2 linear trade', '3 linear adl', '4 spot trade'],
  )
  t.strictSame(
    observation.flows.map(({ flow, asset, amount }) => `${flow} ${amount} ${asset}`),
    [
      'withdrawal -21 USDC',
      'transfer -0.5 HYPE',
      'transfer -1 USDC',
      'transfer 7 USDC',
      'transfer -30 USDC',
      'transfer -40 USDC',
      'reward 2 USDC',
    ],
  )
  const third = await exchange.poll({ cursor: second.cursor })
  t.match(third, { observation: { complete: true, fills: [] } }, 'nothing moved, nothing is asked')
  const asked = exchange.asked.filter((each) => each.includes('userFillsByTime'))
  t.equal(asked.length, 2)
})

t.test(
  "perpetuals of others' exchanges within it, each with a wallet that pays in a coin of its own",
  async (t) => {
    const metas = documentedBody('nautilus/hyperliquid/http_all_perp_metas_non_usdc_collateral.json')
    const tokens = documentedBody('nautilus/hyperliquid/http_spot_meta_non_usdc_collateral.json')
    if (metas === null || tokens === null) return t.comment('no reference folder here')
    const held: Record<string, object> = {
      '': perpState('1000', []),
      km: perpState('250.5', []),
      hyna: perpState('-400', [['hyna:BTC', '0.01', '60000.5', '610']]),
    }
    const exchange = await serve(t, {
      allPerpMetas: metas,
      spotMeta: tokens,
      clearinghouseState: ({ dex = '' }: Asked) => held[String(dex)],
    })
    const source = { exchange: 'hyperliquid', sandbox: false, marketTypes: ['linear'] as const }
    t.strictSame(
      (await exchange.collectors.markets({ source })).map(({ symbol, base, quote }) => [symbol, base, quote]),
      [
        ['BTC/USDC:USDC', 'BTC', 'USDC'],
        ['ETH/USDC:USDC', 'ETH', 'USDC'],
        ['OLD/USDC:USDC', 'OLD', 'USDC'],
        ['KM-US500/USDH:USDH', 'KM-US500', 'USDH'],
        ['HYNA-BTC/USDE:USDE', 'HYNA-BTC', 'USDE'],
      ],
    )
    const first = await exchange.poll()
    if (first.kind === 'failed') return t.fail(first.code, { first })
    t.strictSame(first.observation.anchor, {
      atMs: nowMs,
      balances: [
        { asset: 'USDC', amount: '1000' },
        // −400 + 0.01 × 60000.5
        { asset: 'USDE', amount: '200.005' },
        { asset: 'USDH', amount: '250.5' },
      ],
      positions: [
        {
          market: 'linear',
          symbol: 'HYNA-BTC/USDE:USDE',
          base: 'HYNA-BTC',
          quote: 'USDE',
          terms: { size: '1', settle: 'USDE' },
          quantity: '0.01',
          entry: '60000.5',
        },
      ],
    })
    const time = nowMs + minuteMs
    exchange.clock.atMs = nowMs + 2 * minuteMs
    exchange.info.set('exchangeStatus', { time: exchange.clock.atMs })
    exchange.info.set('userFillsByTime', [
      fill(1, 'km:US500', 'B', '0.2', '6500.1', { time, fee: '0.13', feeToken: 'USDH' }),
      fill(2, 'hyna:BTC', 'A', '0.01', '61000', { time, fee: '0.2', feeToken: 'USDE', dir: 'Close Long' }),
      fill(3, '#14730', 'B', '10', '0.5', { time, dir: 'Buy' }),
      fill(4, 'gone:BTC', 'B', '10', '0.5', { time }),
    ])
    exchange.info.set('userFunding', [
      { time, hash: '0x0', delta: { type: 'funding', coin: 'hyna:BTC', usdc: '-0.25', szi: '0.01' } },
      { time, hash: '0x0', delta: { type: 'funding', coin: 'gone:BTC', usdc: '-9', szi: '0.01' } },
    ])
    const send = (sourceDex: string, destinationDex: string, token: string, amount: string) => ({
      time,
      hash: '0x7',
      delta: { type: 'send', user, destination: user, sourceDex, destinationDex, token, amount, fee: '0' },
    })
    exchange.info.set('userNonFundingLedgerUpdates', [
      send('', 'gone', 'USDC', '40'),
      send('', 'gone', 'USDC', '60'),
      send('spot', 'km', 'USDH', '1000'),
      send('km', 'km', 'USDH', '3'),
    ])
    held[''] = perpState('900', [])
    held['km'] = perpState('-49.65', [['km:US500', '0.2', '6500.1', '1300']])
    held['hyna'] = perpState('209.55', [])
    exchange.info.set('spotClearinghouseState', { balances: [{ coin: 'USDH', total: '-1000' }] })
    const second = await exchange.poll({ cursor: first.cursor })
    if (second.kind === 'failed') return t.fail(second.code, { second })
    t.match(second.observation, { complete: true, unavailable: [] }, 'to the last unit')
    t.strictSame(
      second.observation.fills.map(({ id, symbol, terms }) => `${id} ${symbol} ${terms?.settle}`),
      ['1 KM-US500/USDH:USDH USDH', '2 HYNA-BTC/USDE:USDE USDE'],
    )
    t.strictSame(
      second.observation.incomes.map(({ asset, amount }) => `${amount} ${asset}`),
      ['-0.25 USDE'],
    )
    t.strictSame(
      second.observation.flows.map(({ asset, amount }) => `${amount} ${asset}`),
      ['-40 USDC', '-60 USDC'],
      'two lines of one transaction; between what is watched nothing flows',
    )
    const states = exchange.asked.filter((each) => each.includes('clearinghouseState'))
    t.ok(states.some((each) => each.includes('"dex":"km"')))
  },
)

t.test(
  'one wallet that backs everything: what it holds, less what positions cost to the last unit',
  async (t) => {
    const position = (
      szi: string,
      entryPx: string,
      positionValue: string,
      unrealizedPnl: string,
    ): object => ({
      marginSummary: { accountValue: '0', totalNtlPos: '0', totalRawUsd: '0', totalMarginUsed: '0' },
      assetPositions: [
        { type: 'oneWay', position: { coin: 'BTC', szi, entryPx, positionValue, unrealizedPnl } },
      ],
      time: nowMs,
    })
    const spot = (total: string): object => ({
      balances: [{ coin: 'USDC', total, hold: '125.6' }],
      tokenToAvailableAfterMaintenance: [[0, '1']],
    })
    for (const mode of ['unifiedAccount', 'default']) {
      const exchange = await serve(t, {
        userAbstraction: `"${mode}"`,
        spotClearinghouseState: spot('1000'),
        // 1256.3626 + 7.54583 = 1263.90843 is what it cost; 0.01948 × 64882.3 = 1263.907204
        clearinghouseState: position('0.01948', '64882.3', '1256.3626', '-7.54583'),
      })
      const first = await exchange.poll()
      if (first.kind === 'failed') return t.fail(first.code, { first })
      t.match(first.observation.anchor, {
        // 1000 − 1263.90843 + 1263.907204
        balances: [{ asset: 'USDC', amount: '999.998774' }],
        positions: [{ symbol: 'BTC/USDC:USDC', quantity: '0.01948', entry: '64882.3' }],
      })
      const time = nowMs + minuteMs
      exchange.clock.atMs = nowMs + 2 * minuteMs
      exchange.info.set('exchangeStatus', { time: exchange.clock.atMs })
      exchange.info.set('userFillsByTime', [
        fill(1, 'BTC', 'A', '0.02948', '65000', {
          time,
          fee: '0.8',
          closedPnl: '2.29157',
          dir: 'Long > Short',
        }),
      ])
      exchange.info.set('userNonFundingLedgerUpdates', [
        { time, hash: '0x1', delta: { type: 'accountClassTransfer', usdc: '50', toPerp: true } },
        {
          time,
          hash: '0x2',
          delta: {
            type: 'borrowLend',
            token: 'USDC',
            operation: 'supply',
            amount: '10',
            interestAmount: '0',
          },
        },
        { time, hash: '0x3', delta: { type: 'gossipPriorityGasAuction', token: 'HYPE', amount: '0' } },
        {
          time,
          hash: '0x4',
          delta: { type: 'borrowLend', token: 'HYPE', operation: 'borrow', amount: '0', interestAmount: '0' },
        },
      ])
      // 0.01948 × 65000 − 1263.90843 = 2.29157 was won
      exchange.info.set('spotClearinghouseState', spot('991.49157'))
      exchange.info.set('clearinghouseState', position('-0.01', '65000', '651', '-1'))
      const second = await exchange.poll({ cursor: first.cursor })
      t.match(second, { observation: { complete: true } }, `${mode}: explained to the last unit`)
      t.match(second, { observation: { flows: [{ flow: 'transfer', amount: '-10', asset: 'USDC' }] } })
    }
  },
)

t.test('a coin that has the name of another is not that one', async (t) => {
  const tokens = [...spotMeta.tokens, { name: 'hype', index: 900 }]
  const universe = [...spotMeta.universe, { tokens: [900, 0], name: '@700', index: 700, isCanonical: false }]
  const exchange = await serve(t, {
    spotMeta: { universe, tokens },
    spotClearinghouseState: {
      balances: [
        { coin: 'HYPE', token: 150, total: '2', hold: '0' },
        { coin: 'hype', token: 900, total: '1000000', hold: '0' },
        { coin: 'PURR', token: 1, total: '3', hold: '0' },
      ],
    },
    userFillsByTime: [
      fill(1, '@700', 'B', '1000000', '0.000001', { dir: 'Buy', fee: '7', feeToken: 'hype' }),
    ],
  })
  t.match(await exchange.poll(), {
    observation: {
      fills: [{ symbol: 'HYPE-900/USDC', base: 'HYPE-900', fees: [{ asset: 'HYPE-900', amount: '7' }] }],
      anchor: {
        balances: [
          { asset: 'HYPE', amount: '2' },
          { asset: 'HYPE-900', amount: '1000000' },
          { asset: 'PURR', amount: '3' },
        ],
      },
    },
  })
})

t.test('more fills than one answer holds', async (t) => {
  const all = Array.from({ length: 3_500 }, (_, index) =>
    fill(index + 1, 'BTC', index % 2 === 0 ? 'B' : 'A', '0.01', '50000', {
      time: nowMs - hourMs + index * 500,
    }),
  ) as readonly { readonly time: number }[]
  const exchange = await serve(t, {
    userFillsByTime: ({ startTime, endTime }: Asked) =>
      all.filter(({ time }) => time >= Number(startTime) && time <= Number(endTime)).slice(0, 2_000),
  })
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.equal(answer.observation.fills.length, 3_500)
  // time, three lists of markets, mode, twice both states, two pages and two short lists; and 2,000 rows and 1,501 by twenty
  t.equal(answer.weight.spent, 2 + 60 + 20 + 8 + 40 + 40 + 100 + 75)
})

t.test('an address is known by itself, and nothing is known of keys', async (t) => {
  const mixed = `0x${'aB'.repeat(20)}`
  const exchange = await serve(t, {}, { user: mixed })
  t.match(await exchange.check(), { kind: 'checked', permissions: 'unverified', excess: [], accountId: user })
  for (const [mode, wallets] of [
    ['unifiedAccount', ['spot']],
    ['unifiedAccount', ['linear']],
    ['portfolioMargin', ['spot', 'linear']],
  ] as const) {
    const refusing = await serve(t, { userAbstraction: `"${mode}"` }, { wallets })
    const refused = { kind: 'failed', code: 'EXCHANGE_ACCOUNT_REFUSED', exchangeCode: mode }
    t.match(await refusing.check(), refused, mode)
    t.match(await refusing.poll(), refused, mode)
  }
  const older = await serve(t, { userAbstraction: { httpStatus: 422, error: 'words' } })
  t.match(await older.poll(), { kind: 'observed' })
  for (const strange of ['<html>', 'null', '[]', '{"marginSummary":{"totalRawUsd":"NaN"}}']) {
    const broken = await serve(t, { clearinghouseState: strange })
    t.match(await broken.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, strange)
  }
})

t.test('markets and minutes', async (t) => {
  const atMs = nowMs - 10 * minuteMs
  const asked: unknown[] = []
  const exchange = await serve(t, {
    candleSnapshot: ({ req }: Asked) => {
      asked.push(req)
      return [0, 1].map((index) => ({
        t: atMs + index * minuteMs,
        T: atMs + (index + 1) * minuteMs - 1,
        o: '2',
        c: `3.${index}`,
        h: '4',
        l: '1',
        v: '10',
        n: 5,
      }))
    },
  })
  const source = { exchange: 'hyperliquid', sandbox: false, marketTypes: ['spot', 'linear'] as const }
  t.strictSame(
    (await exchange.collectors.markets({ source })).map(({ symbol, type, active }) => [symbol, type, active]),
    [
      ['BTC/USDC:USDC', 'linear', true],
      ['ETH/USDC:USDC', 'linear', true],
      ['OLD/USDC:USDC', 'linear', false],
      ['PURR/USDC', 'spot', true],
      ['USOL/USDC', 'spot', true],
      ['UBTC/USDC', 'spot', true],
      ['HYPE/USDC', 'spot', true],
    ],
  )
  const wants = ['HYPE/USDC', 'BTC/USDC:USDC', 'NO/SUCH'].map((symbol) => ({
    symbol,
    fromMs: atMs,
    toMs: atMs + 2 * minuteMs,
  }))
  const minutes = [0, 1].map((index) => ({
    minuteMs: atMs + index * minuteMs,
    open: '2',
    close: `3.${index}`,
    baseVolume: '10',
    quoteVolume: null,
  }))
  t.strictSame(await exchange.collectors.candles({ source, wants }), [minutes, minutes, null])
  t.match(asked, [{ coin: '@107', interval: '1m' }, { coin: 'BTC' }])
  const metas = documentedBody('nautilus/hyperliquid/http_meta_perp_sample.json')
  const info = documentedBody('hyperliquid/Futures/ExchangeData/GetExchangeInfo.txt')
  const spot = documentedBody('hyperliquid/Spot/ExchangeData/GetExchangeInfo.txt')
  if (metas === null || info === null || spot === null) return t.comment('no reference folder here')
  for (const [meta, names] of [
    [metas, ['BTC', 'ETH', 'ATOM']],
    [info, ['BTC', 'ETH', 'HPOS', 'LOOM']],
  ] as const) {
    const documented = await serve(t, { meta, spotMeta: spot })
    t.strictSame(
      (await documented.collectors.markets({ source })).map(({ symbol }) => symbol),
      [...names.map((name) => `${name}/USDC:USDC`), 'PURR/USDC'],
    )
  }
  const others = documentedBody('nautilus/hyperliquid/http_spot_meta_non_usdc_collateral.json')
  if (others === null) return t.comment('no reference folder here')
  const without = await serve(t, { spotMeta: others })
  t.equal((await without.collectors.markets({ source })).filter(({ type }) => type === 'spot').length, 0)
})
