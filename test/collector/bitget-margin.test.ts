import { minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { good, nowMs, serve } from './bitget-served.ts'
import { documentedBody } from './served.ts'

/** bitget's margin accounts through the real processes. */

const asset = (coin: string, available: string, borrow = '0', interest = '0', more: object = {}) => ({
  coin,
  totalAmount: available,
  available,
  frozen: '0',
  borrow,
  interest,
  ...more,
})

t.test('the documented trade of cross margin, and what was closed by force', async (t) => {
  const fills = documentedBody('bitget/Spot/Margin/GetCrossUserTrades.txt')
  const liquidations = documentedBody('bitget/Spot/Margin/GetCrossLiquidationHistory.txt')
  if (fills === null || liquidations === null) return t.comment('no reference folder here')
  const atMs = 1_695_629_859_821
  const exchange = await serve(
    t,
    {
      '/api/v2/margin/crossed/account/assets': good([asset('BTC', '0.01'), asset('USDT', '12', '10', '0.5')]),
      '/api/v2/margin/crossed/fills': (url: URL) =>
        url.searchParams.get('symbol') === 'BTCUSDT' ? fills : good({ fills: [] }),
      '/api/v2/margin/crossed/liquidation-history': liquidations,
    },
    atMs - minuteMs,
    atMs + 10 * minuteMs,
    ['margin'],
  )
  const answer = await exchange.poll()
  if (answer.kind === 'failed') return t.fail(answer.code, { answer })
  t.strictSame(answer.observation.anchor?.balances, [
    { asset: 'BTC', amount: '0.01' },
    { asset: 'USDT', amount: '1.5' },
  ])
  const fill = {
    id: '121211212122',
    market: 'margin',
    // the rows don't say it: it is the market that was asked for
    symbol: 'BTC/USDT',
    base: 'BTC',
    quote: 'USDT',
    side: 'buy',
    price: '32111',
    quantity: '0.01',
    quoteQuantity: '1000',
    fees: [{ asset: 'BGB', amount: '0.017118519726' }],
    atMs,
    execution: 'trade',
  }
  t.strictSame(answer.observation.fills, [fill])
  // its documented liquidation was years before; one that this trade fell into made it
  exchange.answers.set(
    '/api/v2/margin/crossed/liquidation-history',
    liquidations
      .replace('"liqStartTime": "1356756456873"', `"liqStartTime": "${atMs - 1_000}"`)
      .replace('"liqEndTime": "1356756456873"', `"liqEndTime": "${atMs + 1_000}"`),
  )
  t.match(await exchange.poll(), { observation: { fills: [{ ...fill, execution: 'liquidation' }] } })
})

t.test('from poll to poll, cross and of a pair, to the last unit', async (t) => {
  const isolated = (eth: string, usdt: string, owed: string, interest: string) =>
    good([
      asset('ETH', eth, owed, interest, { symbol: 'ETHUSDT' }),
      asset('USDT', usdt, '0', '0', { symbol: 'ETHUSDT' }),
    ])
  const exchange = await serve(
    t,
    {
      '/api/v2/spot/public/symbols': good([
        { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', status: 'online' },
        { symbol: 'ETHUSDT', baseCoin: 'ETH', quoteCoin: 'USDT', status: 'online' },
        { symbol: 'ETHBTC', baseCoin: 'ETH', quoteCoin: 'BTC', status: 'online' },
      ]),
      '/api/v2/margin/crossed/account/assets': good([asset('USDT', '1000', '400', '0.1')]),
      '/api/v2/margin/isolated/account/assets': isolated('2', '50', '1', '0'),
      '/api/v2/spot/account/assets': good([{ coin: 'USDT', available: '30', frozen: '0', locked: '0' }]),
    },
    undefined,
    undefined,
    ['spot', 'margin'],
  )
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  t.strictSame(first.observation.anchor?.balances, [
    { asset: 'ETH', amount: '1' },
    { asset: 'USDT', amount: '679.9' },
  ])
  const laterMs = nowMs + 3 * minuteMs
  const cTime = String(nowMs + minuteMs)
  exchange.clock.atMs = laterMs
  exchange.answers.set('/api/v2/public/time', good({ serverTime: String(laterMs) }))
  let id = 100
  const record = (marginType: string, coin: string, amount: string, fee = '0') => {
    id -= 1
    return { marginId: String(id), marginType, coin, amount, fee, balance: '1', cTime }
  }
  exchange.answers.set(
    '/api/v2/margin/crossed/financial-records',
    good({
      resultList: [
        record('deal_in', 'BTC', '0.01', '-0.00001'),
        record('deal_out', 'USDT', '-500'),
        record('borrow', 'USDT', '100'),
        record('repay', 'USDT', '50'),
        record('transfer_in', 'USDT', '30'),
        record('transfer_out', 'USDT', '7'),
        record('liquidation_fee', 'USDT', '1.5'),
        record('compensate', 'USDT', '0.25'),
        record('exchange_out', 'USDT', '-2'),
        record('exchange_in', 'BTC', '0.00003'),
      ],
    }),
  )
  exchange.answers.set(
    '/api/v2/margin/crossed/interest-history',
    good({
      resultList: [
        { interestId: '5', interestCoin: 'USDT', loanCoin: 'USDT', interestAmount: '0.02', cTime },
      ],
    }),
  )
  const asked: string[] = []
  exchange.answers.set('/api/v2/margin/crossed/fills', (url: URL) => {
    const symbol = url.searchParams.get('symbol') ?? ''
    asked.push(symbol)
    if (symbol !== 'BTCUSDT') return good({ fills: [] })
    const feeDetail = { feeCoin: 'BTC', totalFee: '-0.00001' }
    const row = {
      tradeId: '7',
      side: 'buy',
      priceAvg: '50000',
      size: '0.01',
      amount: '500',
      feeDetail,
      cTime,
    }
    return good({ fills: [row] })
  })
  exchange.answers.set('/api/v2/margin/isolated/financial-records', (url: URL) => {
    if (url.searchParams.get('symbol') !== 'ETHUSDT') return good({ resultList: [] })
    const deals = [record('deal_in', 'ETH', '1', '-0.001'), record('deal_out', 'USDT', '3000')]
    return good({ resultList: [...deals, record('transfer_in', 'USDT', '7')] })
  })
  exchange.answers.set('/api/v2/margin/isolated/fills', (url: URL) => {
    const feeDetail = { feeCoin: 'ETH', totalFee: '-0.001' }
    const row = { tradeId: '8', priceAvg: '3000', size: '1', amount: '3000', feeDetail, cTime }
    return good({ fills: [{ ...row, symbol: url.searchParams.get('symbol'), side: 'liquidation-buy' }] })
  })
  exchange.answers.set(
    '/api/v2/spot/account/bills',
    good([
      { billId: '1', coin: 'usdt', groupType: 'transfer', businessType: 'transfer_out', size: '-30', cTime },
    ]),
  )
  exchange.answers.set(
    '/api/v2/spot/account/assets',
    good([{ coin: 'USDT', available: '0', frozen: '0', locked: '0' }]),
  )
  // 599.9 − 500 + 30 − 7 − 1.5 + 0.25 − 2 − 0.02, of which 50 more than before is owed
  exchange.answers.set(
    '/api/v2/margin/crossed/account/assets',
    good([asset('USDT', '569.68', '450', '0.05'), asset('BTC', '0.01002')]),
  )
  // + 1 − 0.001 of ETH, and − 3000 + 7 of USDT
  exchange.answers.set('/api/v2/margin/isolated/account/assets', isolated('2.999', '-2943', '1', '0'))
  const second = await exchange.poll({ cursor: first.cursor })
  if (second.kind === 'failed') return t.fail(second.code, { second })
  const { observation } = second
  t.strictSame(
    observation.fills
      .map((each) => `${each.market} ${each.symbol} ${each.side} ${each.execution}`)
      .toSorted(),
    ['margin BTC/USDT buy trade', 'margin ETH/USDT buy liquidation'],
  )
  t.strictSame([...new Set(asked)], ['BTCUSDT'], 'the markets between what was dealt')
  t.strictSame(observation.flows, [], 'all that was transferred stays inside')
  t.strictSame(
    observation.incomes.map(({ income, asset: coin, amount }) => `${income} ${amount} ${coin}`).toSorted(),
    ['interest -0.02 USDT', 'liquidation-fee -1.5 USDT', 'liquidation-fee 0.25 USDT'],
  )
  t.match(observation.conversions, [
    {
      changes: [
        { asset: 'BTC', amount: '0.00003' },
        { asset: 'USDT', amount: '-2' },
      ],
    },
  ])
  t.equal(observation.complete, true)
  t.strictSame(observation.anchor?.balances, [
    { asset: 'BTC', amount: '0.01002' },
    { asset: 'ETH', amount: '1.999' },
    { asset: 'USDT', amount: '-2823.37' },
  ])
})
