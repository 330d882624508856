import { generateKeyPairSync } from 'node:crypto'
import type { Wallet } from '../../src/accounting/observation.ts'
import type { Served } from './served.ts'

/** One account of each kind that is read, as its exchange would answer for it: for what all adapters have in common. */

export type Row = Readonly<Record<string, unknown>>

/** A list of an account's, with rows of our making. */
export interface List {
  /** Path of the request, and what its body holds where all have one path. */
  readonly path: string
  readonly type?: string
  /** Rows of a full page. */
  readonly pageRows: number
  row(index: number, atMs: number): Row
  /** As the exchange answers; `next` where there is more. */
  page(rows: readonly Row[], next: string | null, request: URL): unknown
  /** Without which it is not asked for. */
  readonly also?: Readonly<Record<string, Served>>
  /** Members that are numbers above nothing. */
  readonly positive: readonly string[]
  readonly time: string
  timeAs(atMs: number): unknown
}

export interface Account {
  readonly name: string
  readonly exchange: string
  readonly marketTypes: readonly Wallet[]
  readonly credentials?: Readonly<Record<string, string>>
  /** What an account with 1,000 dollars and no history is told. */
  usual(atMs: number): Readonly<Record<string, Served>>
  /** What is held, in each coin of the list: by path, or by the word in the body. */
  readonly balances: {
    readonly path: string
    readonly type?: string
    of(amounts: readonly string[]): unknown
  }
  /** Those of fills first. */
  readonly lists: readonly List[]
}

const phrase = { api_key: 'key', secret: 'c2VjcmV0', passphrase: 'words' }
const iso = (atMs: number): string => new Date(atMs).toISOString()
const text = (atMs: number): string => String(atMs)
const same = (atMs: number): number => atMs
const plain = (rows: readonly Row[]): unknown => rows

const binanceTrade = (index: number, atMs: number): Row => ({
  symbol: 'BTCUSDT',
  id: 1_000 + index,
  orderId: 5,
  price: '50000',
  qty: '0.01',
  quoteQty: '500',
  baseQty: '0.01',
  commission: '0.1',
  commissionAsset: 'USDT',
  time: atMs,
  isBuyer: true,
  buyer: true,
  side: 'BUY',
  positionSide: 'BOTH',
  realizedPnl: '0',
})

function binanceFutures(wallet: 'linear' | 'inverse'): Account {
  const place = wallet === 'linear' ? '/fapi/v1' : '/dapi/v1'
  const account = wallet === 'linear' ? '/fapi/v3/account' : '/dapi/v1/account'
  const symbol = wallet === 'linear' ? 'BTCUSDT' : 'BTCUSD_PERP'
  const settle = wallet === 'linear' ? 'USDT' : 'BTC'
  const contract = {
    symbol,
    baseAsset: 'BTC',
    quoteAsset: wallet === 'linear' ? 'USDT' : 'USD',
    marginAsset: settle,
    contractSize: 100,
    deliveryDate: 4_133_404_800_000,
    status: 'TRADING',
  }
  return {
    name: `binance ${wallet}`,
    exchange: 'binance',
    marketTypes: [wallet],
    usual: (atMs) => ({
      '/api/v3/time': { serverTime: atMs },
      [`${place}/exchangeInfo`]: { symbols: [contract] },
      [account]: { assets: [{ asset: settle, walletBalance: '1000' }], positions: [] },
      [`${place}/income`]: [],
      [`${place}/userTrades`]: [],
      [`${place}/forceOrders`]: [],
    }),
    balances: {
      path: account,
      of: (amounts) => ({
        assets: amounts.map((walletBalance) => ({ asset: settle, walletBalance })),
        positions: [],
      }),
    },
    lists: [
      {
        path: `${place}/income`,
        pageRows: 1_000,
        row: (index, time) => ({
          symbol,
          incomeType: 'FUNDING_FEE',
          income: '1.5',
          asset: settle,
          info: '',
          tranId: 7_000 + index,
          tradeId: '',
          time,
        }),
        page: plain,
        positive: [],
        time: 'time',
        timeAs: same,
      },
    ],
  }
}

const binancePage = (rows: readonly Row[]): object => ({ rows, total: rows.length })

const bitgetGood = (data: unknown): object => ({ code: '00000', msg: 'success', data })
const bybitGood = (result: unknown): object => ({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: 1 })
const okxGood = (data: readonly unknown[]): object => ({ code: '0', msg: '', data })
const krakenGood = (result: unknown): object => ({ error: [], result })
const kucoinGood = (data: unknown): object => ({ code: '200000', data })
const byId =
  (name: string) =>
  (rows: readonly Row[], _next: string | null): unknown =>
    krakenGood({
      [name]: Object.fromEntries(rows.map(({ id, ...row }) => [String(id), row])),
      count: _next === null ? rows.length : 1_000_000,
    })

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const coinbasePrefix = '/api/v3/brokerage'
const coinbaseWallet = '8bfc20d7-f7c6-4422-bf07-8243ca4169fe'
const coinbaseAccount = (value: string): object => ({
  uuid: coinbaseWallet,
  currency: 'USDC',
  available_balance: { value, currency: 'USDC' },
  hold: { value: '0', currency: 'USDC' },
  type: 'CRYPTO',
})

const hyperliquidUser = `0x${'ab'.repeat(20)}`
const hyperliquidState = (totalRawUsd: string): object => {
  const summary = { accountValue: totalRawUsd, totalNtlPos: '0', totalRawUsd, totalMarginUsed: '0' }
  return {
    marginSummary: summary,
    crossMarginSummary: summary,
    withdrawable: '0',
    assetPositions: [],
    time: 1,
  }
}

const krakenFuturesPlace = '/derivatives/api/v3'

export const accounts: readonly Account[] = [
  {
    name: 'binance spot',
    exchange: 'binance',
    marketTypes: ['spot'],
    usual: (atMs) => ({
      '/api/v3/time': { serverTime: atMs },
      '/api/v3/exchangeInfo': {
        symbols: [{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' }],
      },
      '/api/v3/ticker/24hr': [{ symbol: 'BTCUSDT', quoteVolume: '1000000' }],
      '/api/v3/account': {
        uid: 1,
        updateTime: 1,
        balances: [{ asset: 'USDT', free: '1000', locked: '0' }],
      },
      '/api/v3/myTrades': [],
      '/sapi/v1/capital/deposit/hisrec': [],
      '/sapi/v1/capital/withdraw/history': [],
      '/sapi/v1/asset/dribblet': { total: 0, userAssetDribblets: [] },
      '/sapi/v1/convert/tradeFlow': { list: [], moreData: false },
      '/sapi/v1/asset/assetDividend': binancePage([]),
      '/sapi/v1/asset/transfer': binancePage([]),
    }),
    balances: {
      path: '/api/v3/account',
      of: (amounts) => ({
        uid: 1,
        updateTime: 1,
        balances: amounts.map((free) => ({ asset: 'USDT', free, locked: '0' })),
      }),
    },
    lists: [
      {
        path: '/api/v3/myTrades',
        // what moved points to the market
        also: {
          '/api/v3/account': {
            uid: 1,
            updateTime: 2,
            balances: [
              { asset: 'USDT', free: '499.9', locked: '0' },
              { asset: 'BTC', free: '0.01', locked: '0' },
            ],
          },
        },
        pageRows: 1_000,
        row: binanceTrade,
        page: plain,
        positive: ['price', 'qty', 'quoteQty'],
        time: 'time',
        timeAs: same,
      },
      {
        path: '/sapi/v1/capital/deposit/hisrec',
        pageRows: 1_000,
        row: (index, insertTime) => ({
          id: `d${index}`,
          amount: '5',
          coin: 'USDT',
          network: 'TRX',
          status: 1,
          address: 'x',
          txId: `t${index}`,
          insertTime,
          completeTime: insertTime,
          transferType: 0,
        }),
        page: plain,
        positive: ['amount'],
        time: 'insertTime',
        timeAs: same,
      },
      {
        path: '/sapi/v1/asset/assetDividend',
        pageRows: 500,
        row: (index, divTime) => ({
          id: 9_000 + index,
          tranId: 9_000 + index,
          asset: 'USDT',
          amount: '1',
          divTime,
          enInfo: 'x',
        }),
        page: binancePage,
        positive: [],
        time: 'divTime',
        timeAs: same,
      },
    ],
  },
  binanceFutures('linear'),
  binanceFutures('inverse'),
  {
    name: 'binance margin',
    exchange: 'binance',
    marketTypes: ['margin'],
    usual: (atMs) => ({
      '/api/v3/time': { serverTime: atMs },
      '/api/v3/exchangeInfo': {
        symbols: [{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' }],
      },
      '/sapi/v1/margin/account': { userAssets: [{ asset: 'USDT', free: '1000', locked: '0' }] },
      '/sapi/v1/margin/isolated/account': { assets: [], totalAssetOfBtc: '0' },
      '/sapi/v1/margin/capital-flow': [],
      '/sapi/v1/margin/myTrades': [],
      '/sapi/v1/margin/interestHistory': binancePage([]),
      '/sapi/v1/margin/transfer': binancePage([]),
      '/sapi/v1/margin/forceLiquidationRec': binancePage([]),
    }),
    balances: {
      path: '/sapi/v1/margin/account',
      of: (amounts) => ({ userAssets: amounts.map((free) => ({ asset: 'USDT', free, locked: '0' })) }),
    },
    lists: [
      {
        path: '/sapi/v1/margin/interestHistory',
        pageRows: 100,
        row: (index, interestAccuredTime) => ({
          txId: 100 + index,
          interestAccuredTime,
          asset: 'USDT',
          interest: '0.5',
          isolatedSymbol: '',
        }),
        page: binancePage,
        positive: [],
        time: 'interestAccuredTime',
        timeAs: same,
      },
      {
        path: '/sapi/v1/margin/capital-flow',
        pageRows: 1_000,
        row: (index, timestamp) => ({
          id: 500 + index,
          type: 'LIQUIDATION_FEE',
          asset: 'USDT',
          amount: '-1',
          symbol: '',
          timestamp,
        }),
        page: plain,
        positive: [],
        time: 'timestamp',
        timeAs: same,
      },
    ],
  },
  {
    name: 'bitget spot',
    exchange: 'bitget',
    marketTypes: ['spot'],
    credentials: phrase,
    usual: (atMs) => ({
      '/api/v2/public/time': bitgetGood({ serverTime: String(atMs) }),
      '/api/v2/spot/public/symbols': bitgetGood([
        { symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', status: 'online' },
      ]),
      '/api/v2/mix/market/contracts': bitgetGood([]),
      '/api/v2/spot/account/info': bitgetGood({ userId: '1', authorities: ['readonly'] }),
      '/api/v2/spot/account/assets': bitgetGood([
        { coin: 'USDT', available: '1000', frozen: '0', locked: '0' },
      ]),
      '/api/v2/spot/account/bills': bitgetGood([]),
      '/api/v2/spot/trade/fills': bitgetGood([]),
    }),
    balances: {
      path: '/api/v2/spot/account/assets',
      of: (amounts) =>
        bitgetGood(amounts.map((available) => ({ coin: 'USDT', available, frozen: '0', locked: '0' }))),
    },
    lists: [
      {
        path: '/api/v2/spot/trade/fills',
        pageRows: 100,
        row: (index, atMs) => ({
          symbol: 'BTCUSDT',
          tradeId: String(9_000_000 - index),
          side: 'buy',
          priceAvg: '50000',
          size: '0.01',
          amount: '500',
          feeDetail: { feeCoin: 'BTC', totalFee: '-0.00001' },
          cTime: String(atMs),
        }),
        page: bitgetGood,
        positive: ['priceAvg', 'size', 'amount'],
        time: 'cTime',
        timeAs: text,
      },
      {
        path: '/api/v2/spot/account/bills',
        pageRows: 500,
        row: (index, atMs) => ({
          billId: String(9_000_000 - index),
          coin: 'USDT',
          groupType: 'deposit',
          businessType: 'DEPOSIT',
          size: '5',
          fees: '0',
          balance: '1',
          cTime: String(atMs),
        }),
        page: bitgetGood,
        positive: [],
        time: 'cTime',
        timeAs: text,
      },
    ],
  },
  {
    name: 'bybit spot',
    exchange: 'bybit',
    marketTypes: ['spot'],
    usual: (atMs) => ({
      '/v5/market/time': bybitGood({ timeNano: `${atMs}000000` }),
      '/v5/market/instruments-info': bybitGood({
        category: 'spot',
        list: [{ symbol: 'BTCUSDT', baseCoin: 'BTC', quoteCoin: 'USDT', status: 'Trading' }],
      }),
      '/v5/account/info': bybitGood({ unifiedMarginStatus: 4, marginMode: 'REGULAR_MARGIN' }),
      '/v5/account/wallet-balance': bybitGood({
        list: [{ accountType: 'UNIFIED', coin: [{ coin: 'USDT', walletBalance: '1000' }] }],
      }),
      '/v5/account/transaction-log': bybitGood({ nextPageCursor: '', list: [] }),
      '/v5/execution/list': bybitGood({ nextPageCursor: '', category: 'spot', list: [] }),
    }),
    balances: {
      path: '/v5/account/wallet-balance',
      of: (amounts) =>
        bybitGood({
          list: [
            {
              accountType: 'UNIFIED',
              coin: amounts.map((walletBalance) => ({ coin: 'USDT', walletBalance })),
            },
          ],
        }),
    },
    lists: [
      {
        path: '/v5/execution/list',
        pageRows: 100,
        row: (index, atMs) => ({
          symbol: 'BTCUSDT',
          side: 'Buy',
          execId: `e${index}`,
          execPrice: '50000',
          execQty: '0.01',
          execValue: '500',
          execFee: '0.00001',
          feeCurrency: 'BTC',
          execType: 'Trade',
          execTime: String(atMs),
        }),
        page: (list, next) => bybitGood({ nextPageCursor: next ?? '', category: 'spot', list }),
        positive: ['execPrice', 'execQty'],
        time: 'execTime',
        timeAs: text,
      },
      {
        path: '/v5/account/transaction-log',
        pageRows: 50,
        row: (index, atMs) => ({
          id: `l${index}`,
          type: 'TRANSFER_IN',
          currency: 'USDT',
          change: '5',
          cashFlow: '5',
          category: '',
          fee: '',
          funding: '',
          tradeId: '',
          orderId: '',
          transactionTime: String(atMs),
        }),
        page: (list, next) => bybitGood({ nextPageCursor: next ?? '', list }),
        positive: [],
        time: 'transactionTime',
        timeAs: text,
      },
    ],
  },
  {
    name: 'bybit funding',
    exchange: 'bybit',
    marketTypes: ['funding'],
    usual: (atMs) => ({
      '/v5/market/time': bybitGood({ timeNano: `${atMs}000000` }),
      '/v5/asset/transfer/query-account-coins-balance': bybitGood({
        accountType: 'FUND',
        balance: [{ coin: 'USDT', walletBalance: '1000' }],
      }),
      '/v5/asset/fundinghistory': bybitGood({ nextPageCursor: '', list: [] }),
    }),
    balances: {
      path: '/v5/asset/transfer/query-account-coins-balance',
      of: (amounts) =>
        bybitGood({
          accountType: 'FUND',
          balance: amounts.map((walletBalance) => ({ coin: 'USDT', walletBalance })),
        }),
    },
    lists: [
      {
        path: '/v5/asset/fundinghistory',
        pageRows: 100,
        row: (index, atMs) => ({
          currency: 'USDT',
          ioDirection: 'I',
          txnAmt: '5',
          afterAmt: String(1_000 + 5 * index),
          createTime: String(Math.floor(atMs / 1_000)),
          showBusiTypeEn: 'Deposit',
          descriptionEn: 'Deposit',
        }),
        page: (list, next) => bybitGood({ nextPageCursor: next ?? '', list }),
        positive: [],
        time: 'createTime',
        timeAs: (atMs) => String(Math.floor(atMs / 1_000)),
      },
    ],
  },
  {
    name: 'coinbase',
    exchange: 'coinbase',
    marketTypes: ['spot'],
    credentials: {
      api_key: 'organizations/1/apiKeys/2',
      secret: privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    },
    usual: (atMs) => ({
      [`${coinbasePrefix}/time`]: { iso: iso(atMs), epochMillis: String(atMs) },
      [`${coinbasePrefix}/accounts`]: { accounts: [coinbaseAccount('1000')], has_next: false, cursor: '' },
      [`${coinbasePrefix}/orders/historical/fills`]: { fills: [], cursor: '' },
      [`/v2/accounts/${coinbaseWallet}/transactions`]: {
        pagination: { next_starting_after: null },
        data: [],
      },
    }),
    balances: {
      path: `${coinbasePrefix}/accounts`,
      of: (amounts) => ({ accounts: amounts.map(coinbaseAccount), has_next: false, cursor: '' }),
    },
    lists: [
      {
        path: `${coinbasePrefix}/orders/historical/fills`,
        pageRows: 100,
        row: (index, atMs) => ({
          entry_id: `e${index}`,
          trade_id: `t${index}`,
          product_id: 'BTC-USDC',
          price: '50000',
          size: '0.01',
          commission: '0.5',
          side: 'BUY',
          trade_type: 'FILL',
          size_in_quote: false,
          trade_time: iso(atMs),
        }),
        page: (fills, cursor) => ({ fills, cursor: cursor ?? '' }),
        positive: ['price', 'size'],
        time: 'trade_time',
        timeAs: iso,
      },
      {
        path: `/v2/accounts/${coinbaseWallet}/transactions`,
        pageRows: 100,
        row: (index, atMs) => ({
          id: `x${index}`,
          type: 'send',
          status: 'completed',
          amount: { amount: '5', currency: 'USDC' },
          created_at: iso(atMs),
        }),
        page: (data, next) => ({ pagination: { next_starting_after: next }, data }),
        positive: [],
        time: 'created_at',
        timeAs: iso,
      },
    ],
  },
  {
    name: 'gate (generic)',
    exchange: 'gate',
    marketTypes: ['spot'],
    usual: (atMs) => ({
      '/api/v4/spot/time': { server_time: atMs },
      '/api/v4/spot/currency_pairs': [
        {
          id: 'BTC_USDT',
          base: 'BTC',
          quote: 'USDT',
          fee: '0.2',
          min_quote_amount: '1',
          amount_precision: 4,
          precision: 2,
          trade_status: 'tradable',
          sell_start: 0,
          buy_start: 0,
        },
      ],
      '/api/v4/margin/currency_pairs': [],
      '/api/v4/spot/accounts': [{ currency: 'USDT', available: '1000', locked: '0' }],
      '/api/v4/spot/my_trades': [],
      '/api/v4/wallet/deposits': [],
      '/api/v4/wallet/withdrawals': [],
    }),
    balances: {
      path: '/api/v4/spot/accounts',
      of: (amounts) => amounts.map((available) => ({ currency: 'USDT', available, locked: '0' })),
    },
    lists: [
      {
        path: '/api/v4/spot/my_trades',
        pageRows: 100,
        row: (index, atMs) => ({
          id: String(index + 1),
          create_time: String(Math.floor(atMs / 1_000)),
          create_time_ms: `${atMs}.000000`,
          currency_pair: 'BTC_USDT',
          side: 'buy',
          role: 'taker',
          amount: '0.01',
          price: '50000',
          order_id: '9',
          fee: '0',
          fee_currency: 'BTC',
          point_fee: '0',
          gt_fee: '0',
        }),
        page: plain,
        positive: ['amount', 'price'],
        time: 'create_time_ms',
        timeAs: (atMs) => `${atMs}.0`,
      },
    ],
  },
  {
    name: 'hyperliquid',
    exchange: 'hyperliquid',
    marketTypes: ['linear'],
    credentials: { wallet_address: hyperliquidUser },
    usual: (atMs) => ({
      exchangeStatus: { time: atMs, specialStatuses: null },
      meta: { universe: [{ name: 'BTC' }] },
      spotMeta: { universe: [], tokens: [{ name: 'USDC', index: 0 }] },
      userAbstraction: '"disabled"',
      clearinghouseState: hyperliquidState('1000'),
      spotClearinghouseState: { balances: [] },
      userFillsByTime: [],
      userFunding: [],
      userNonFundingLedgerUpdates: [],
    }),
    balances: { path: '/info', type: 'clearinghouseState', of: ([amount = '0']) => hyperliquidState(amount) },
    lists: [
      {
        path: '/info',
        type: 'userFillsByTime',
        pageRows: 2_000,
        row: (index, time) => ({
          coin: 'BTC',
          px: '50000',
          sz: '0.01',
          side: 'B',
          time,
          dir: 'Open Long',
          closedPnl: '0',
          hash: '0x1',
          oid: 5,
          tid: 10_000 + index,
          fee: '0.2',
          feeToken: 'USDC',
        }),
        page: plain,
        positive: ['px', 'sz'],
        time: 'time',
        timeAs: same,
      },
      {
        path: '/info',
        type: 'userNonFundingLedgerUpdates',
        pageRows: 500,
        row: (index, time) => ({
          time,
          hash: `0x${(1_000 + index).toString(16)}`,
          delta: { type: 'deposit', usdc: '5' },
        }),
        page: plain,
        positive: [],
        time: 'time',
        timeAs: same,
      },
    ],
  },
  {
    name: 'kraken',
    exchange: 'kraken',
    marketTypes: ['spot'],
    usual: (atMs) => ({
      '/0/public/Time': krakenGood({ unixtime: Math.floor(atMs / 1_000) }),
      '/0/public/AssetPairs': krakenGood({
        XXBTZUSD: { altname: 'XBTUSD', base: 'XXBT', quote: 'ZUSD', status: 'online' },
      }),
      '/0/private/OpenPositions': krakenGood({}),
      '/0/private/Balance': krakenGood({ ZUSD: '1000' }),
      '/0/private/Ledgers': krakenGood({ ledger: {}, count: 0 }),
      '/0/private/TradesHistory': krakenGood({ trades: {}, count: 0 }),
    }),
    balances: {
      path: '/0/private/Balance',
      // an object has no name twice: the text is refused
      of: (amounts) =>
        `{"error":[],"result":{${amounts.map((amount) => `"ZUSD":${JSON.stringify(amount)}`).join(',')}}}`,
    },
    lists: [
      {
        path: '/0/private/TradesHistory',
        pageRows: 50,
        row: (index, atMs) => ({
          id: `T${index}`,
          pair: 'XXBTZUSD',
          time: atMs / 1_000,
          type: 'buy',
          price: '50000',
          cost: '500',
          fee: '1',
          vol: '0.01',
          margin: '0',
          misc: '',
        }),
        page: byId('trades'),
        positive: ['price', 'vol'],
        time: 'time',
        timeAs: (atMs) => atMs / 1_000,
      },
      {
        path: '/0/private/Ledgers',
        pageRows: 50,
        row: (index, atMs) => ({
          id: `L${index}`,
          refid: `R${index}`,
          time: atMs / 1_000,
          type: 'deposit',
          subtype: '',
          asset: 'ZUSD',
          amount: '5',
          fee: '0',
          balance: '1',
        }),
        page: byId('ledger'),
        positive: [],
        time: 'time',
        timeAs: (atMs) => atMs / 1_000,
      },
    ],
  },
  {
    name: 'krakenfutures',
    exchange: 'krakenfutures',
    marketTypes: ['linear', 'inverse'],
    usual: (atMs) => ({
      [`${krakenFuturesPlace}/tickers/PI_XBTUSD`]: { result: 'success', serverTime: iso(atMs) },
      [`${krakenFuturesPlace}/instruments`]: {
        result: 'success',
        instruments: [
          {
            symbol: 'PI_XBTUSD',
            type: 'futures_inverse',
            base: 'BTC',
            quote: 'USD',
            contractSize: 1,
            tradeable: true,
          },
        ],
      },
      [`${krakenFuturesPlace}/accounts`]: {
        result: 'success',
        accounts: { cash: { balances: { usd: '1000' } } },
      },
      [`${krakenFuturesPlace}/openpositions`]: { result: 'success', openPositions: [] },
      [`${krakenFuturesPlace}/fills`]: { result: 'success', fills: [] },
      '/api/history/v3/account-log': { accountUid: '3fa85f64-5717-4562-b3fc-2c963f66afa6', logs: [] },
    }),
    balances: {
      path: `${krakenFuturesPlace}/accounts`,
      of: (amounts) =>
        `{"result":"success","accounts":{"cash":{"balances":{${amounts
          .map((amount) => `"usd":${JSON.stringify(amount)}`)
          .join(',')}}}}}`,
    },
    lists: [
      {
        path: `${krakenFuturesPlace}/fills`,
        pageRows: 100,
        row: (index, atMs) => ({
          fill_id: `f${index}`,
          symbol: 'PI_XBTUSD',
          side: 'buy',
          size: 100,
          price: 50_000,
          fillTime: iso(atMs),
          fillType: 'taker',
        }),
        page: (fills) => ({ result: 'success', fills }),
        positive: ['price', 'size'],
        time: 'fillTime',
        timeAs: iso,
      },
      {
        path: '/api/history/v3/account-log',
        pageRows: 500,
        row: (index, atMs) => ({
          id: 1_000 + index,
          date: iso(atMs),
          asset: 'usd',
          info: 'cross-exchange transfer',
          booking_uid: `b${index}`,
          margin_account: 'cash',
          old_balance: 0,
          new_balance: 5,
          contract: null,
          execution: null,
          fee: null,
          realized_funding: null,
          trade_price: null,
          liquidation_fee: null,
        }),
        page: (logs) => ({ accountUid: '3fa85f64-5717-4562-b3fc-2c963f66afa6', logs }),
        positive: [],
        time: 'date',
        timeAs: iso,
      },
    ],
  },
  {
    name: 'kucoin spot',
    exchange: 'kucoin',
    marketTypes: ['spot'],
    credentials: phrase,
    usual: (atMs) => ({
      '/api/v1/timestamp': kucoinGood(atMs),
      '/api/v2/symbols': kucoinGood([
        { symbol: 'BTC-USDT', baseCurrency: 'BTC', quoteCurrency: 'USDT', enableTrading: true },
      ]),
      '/api/v1/user/api-key': kucoinGood({ permission: 'General', uid: 1, isMaster: true }),
      '/api/ua/v1/account/mode': kucoinGood({ selfAccountMode: 'CLASSIC' }),
      '/api/v1/accounts': kucoinGood([
        { id: 'a', type: 'trade', currency: 'USDT', balance: '1000', available: '1000', holds: '0' },
      ]),
      '/api/v1/accounts/ledgers': kucoinGood({ currentPage: 1, totalPage: 1, items: [] }),
      '/api/v1/hf/accounts/ledgers': kucoinGood([]),
      '/api/v1/fills': kucoinGood({ currentPage: 1, totalPage: 1, items: [] }),
    }),
    balances: {
      path: '/api/v1/accounts',
      of: (amounts) =>
        kucoinGood(
          amounts.map((balance) => ({
            id: 'a',
            type: 'trade',
            currency: 'USDT',
            balance,
            available: balance,
            holds: '0',
          })),
        ),
    },
    lists: [
      {
        path: '/api/v1/fills',
        pageRows: 500,
        row: (index, createdAt) => ({
          symbol: 'BTC-USDT',
          tradeId: `t${index}`,
          orderId: 'o',
          side: 'buy',
          price: '50000',
          size: '0.01',
          funds: '500',
          fee: '0.5',
          feeCurrency: 'USDT',
          tradeType: 'TRADE',
          createdAt,
        }),
        page: (items, next, request) => {
          const currentPage = Number(request.searchParams.get('currentPage') ?? 1)
          return kucoinGood({ currentPage, totalPage: next === null ? currentPage : 1_000_000, items })
        },
        positive: ['price', 'size', 'funds'],
        time: 'createdAt',
        timeAs: same,
      },
      {
        path: '/api/v1/hf/accounts/ledgers',
        pageRows: 200,
        row: (index, createdAt) => ({
          id: String(9_000_000 - index),
          currency: 'USDT',
          amount: '5',
          fee: '0',
          accountType: 'TRADE_HF',
          bizType: 'TRANSFER',
          direction: 'in',
          createdAt: String(createdAt),
          context: '',
        }),
        page: kucoinGood,
        positive: [],
        time: 'createdAt',
        timeAs: text,
      },
    ],
  },
  {
    name: 'okx',
    exchange: 'okx',
    marketTypes: ['spot'],
    credentials: phrase,
    usual: (atMs) => ({
      '/api/v5/public/time': okxGood([{ ts: String(atMs) }]),
      '/api/v5/public/instruments': okxGood([
        { instType: 'SPOT', instId: 'BTC-USDT', baseCcy: 'BTC', quoteCcy: 'USDT', state: 'live' },
      ]),
      '/api/v5/account/config': okxGood([{ perm: 'read_only', acctLv: '1', uid: '1' }]),
      '/api/v5/account/balance': okxGood([
        { totalEq: '1', uTime: '1', details: [{ ccy: 'USDT', cashBal: '1000', eq: '1000' }] },
      ]),
      '/api/v5/account/positions': okxGood([]),
      '/api/v5/account/bills': okxGood([]),
      '/api/v5/account/bills-archive': okxGood([]),
      '/api/v5/trade/fills': okxGood([]),
      '/api/v5/trade/fills-history': okxGood([]),
    }),
    balances: {
      path: '/api/v5/account/balance',
      of: (amounts) =>
        okxGood([
          {
            totalEq: '1',
            uTime: '1',
            details: amounts.map((cashBal) => ({ ccy: 'USDT', cashBal, eq: cashBal })),
          },
        ]),
    },
    lists: [
      {
        path: '/api/v5/trade/fills',
        pageRows: 100,
        row: (index, atMs) => ({
          instType: 'SPOT',
          instId: 'BTC-USDT',
          tradeId: `t${index}`,
          ordId: 'o',
          billId: String(9_000_000 - index),
          side: 'buy',
          fillPx: '50000',
          fillSz: '0.01',
          fee: '-0.00001',
          feeCcy: 'BTC',
          subType: '1',
          ts: String(atMs),
        }),
        page: okxGood,
        positive: ['fillPx', 'fillSz'],
        time: 'ts',
        timeAs: text,
      },
      {
        path: '/api/v5/account/bills',
        pageRows: 100,
        row: (index, atMs) => ({
          billId: String(9_000_000 - index),
          type: '1',
          subType: '11',
          ccy: 'USDT',
          balChg: '5',
          ts: String(atMs),
        }),
        page: okxGood,
        positive: [],
        time: 'ts',
        timeAs: text,
      },
    ],
  },
  {
    name: 'okx funding',
    exchange: 'okx',
    marketTypes: ['funding'],
    credentials: phrase,
    usual: (atMs) => ({
      '/api/v5/public/time': okxGood([{ ts: String(atMs) }]),
      '/api/v5/public/instruments': okxGood([
        { instType: 'SPOT', instId: 'BTC-USDT', baseCcy: 'BTC', quoteCcy: 'USDT', state: 'live' },
      ]),
      '/api/v5/asset/balances': okxGood([{ ccy: 'USDT', bal: '1000', availBal: '1000', frozenBal: '0' }]),
      '/api/v5/asset/bills': okxGood([]),
    }),
    balances: {
      path: '/api/v5/asset/balances',
      of: (amounts) => okxGood(amounts.map((bal) => ({ ccy: 'USDT', bal }))),
    },
    lists: [
      {
        path: '/api/v5/asset/bills',
        pageRows: 100,
        row: (index, atMs) => ({
          billId: String(9_000_000 - index),
          type: '1',
          ccy: 'USDT',
          balChg: '5',
          bal: '1005',
          clientId: '',
          notes: '',
          ts: String(atMs),
        }),
        page: okxGood,
        positive: [],
        time: 'ts',
        timeAs: text,
      },
    ],
  },
]

/** Answers by path; where all have one path, by the word in the body. */
export function servedOf(
  account: Account,
  answers: Readonly<Record<string, Served>>,
): Readonly<Record<string, Served>> {
  if (account.balances.type === undefined) return answers
  return {
    '/info': (request, body) => {
      const { type } = JSON.parse(body) as { type: string }
      const answer = answers[type]
      return typeof answer === 'function' ? answer(request, body) : answer
    },
  }
}
