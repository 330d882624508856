import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { toText } from '@perf-agg/sdk'
import { analyzeFills } from '../../src/accounting/analysis/fill-analysis.ts'
import { readFillsFile } from '../../src/cli/analyze/fills.ts'
import type { FillsFile, InstrumentFlags } from '../../src/cli/analyze/history.ts'

/** Files as exchanges write them, made up here; the names of the columns are theirs. */

const folder = t.testdir()

function read(text: string, flags: InstrumentFlags = {}): FillsFile {
  const path = join(folder, 'fills.csv')
  writeFileSync(path, text)
  return readFillsFile(path, flags)
}

function outline({ taken, symbol, instrument, fills }: FillsFile): unknown {
  return {
    taken,
    symbol,
    instrument: [
      instrument.kind,
      instrument.base,
      instrument.pnlCurrency,
      toText(instrument.contractSize),
    ].join(' '),
    fills: fills.map(({ side, size, price, fee, feeCurrency, atMs }) =>
      [
        side,
        toText(size),
        toText(price),
        toText(fee),
        feeCurrency,
        new Date(atMs ?? 0).toISOString().slice(0, 19),
      ].join(' '),
    ),
  }
}

t.test('binance spot, with a byte order mark, newest first, amounts with their asset', async (t) => {
  const file = read(
    '\uFEFFDate(UTC),Pair,Side,Price,Executed,Amount,Fee\r\n' +
      '2024-01-02 10:00:00,1INCHUSDT,SELL,0.5,"1,998.0000000000001INCH",999.00000000USDT,0.999USDT\r\n' +
      '2024-01-01 10:00:00,1INCHUSDT,BUY,0.4,2000.00000000001INCH,800.00000000USDT,2.00000000001INCH\r\n',
  )
  t.same(outline(file), {
    taken: 'binance spot trade history, newest first',
    symbol: '1INCHUSDT',
    instrument: 'spot 1INCH USDT 1',
    fills: ['buy 2000 0.4 2 1INCH 2024-01-01T10:00:00', 'sell 1998 0.5 0.999 USDT 2024-01-02T10:00:00'],
  })
  t.equal(analyzeFills(file.instrument, file.fills, null).fifo.position, '0')
})

t.test('an older binance export, with semicolons and decimal commas of a spreadsheet', async (t) => {
  t.same(
    outline(
      read(
        'Date(UTC);Market;Type;Price;Amount;Total;Fee;Fee Coin\n' +
          '2021-03-04 05:06:07;ETHBTC;BUY;0,0312;1,5;0,0468;0,0002;BNB\n',
        { pnlCurrency: 'BNB' },
      ),
    ),
    {
      taken: 'binance spot trade history',
      symbol: 'ETHBTC',
      instrument: 'spot ETH BNB 1',
      fills: ['buy 1.5 0.0312 0.0002 BNB 2021-03-04T05:06:07'],
    },
  )
})

t.test('binance futures: linear, and contracts whose size must be said', async (t) => {
  const head =
    'Uid,Time,Symbol,Side,Price,Quantity,Amount,Fee,Realized Profit,Buyer,Maker,Trade ID,Order ID\n'
  t.same(
    outline(
      read(`${head}9,26-03-17 09:34:12,BTCUSDC,BUY,73822.3,0.01,738.223,0.29528919 USDC,0,true,false,1,2\n`),
    ),
    {
      taken: 'binance futures trade history',
      symbol: 'BTCUSDC',
      instrument: 'linear BTC USDC 1',
      fills: ['buy 0.01 73822.3 0.29528919 USDC 2026-03-17T09:34:12'],
    },
  )
  const inverse = `${head}9,26-05-22 16:25:18,BTCUSD_PERP,SELL,84620.1,3,0.003,0.000001 BTC,0,false,false,1,2\n`
  t.throws(() => read(inverse), { code: 'CONTRACT_SIZE_MISSING' })
  t.match(outline(read(inverse, { contractSize: '100' })), { instrument: 'inverse BTC BTC 100' })
})

t.test('bybit: spot, and the log of a unified account with funding', async (t) => {
  t.same(
    outline(
      read(
        'UID: 28,Company Name: ,Country:\n' +
          'Uid,Spot Pairs,Order Type,Direction,Filled Value,Filled Price,Filled Quantity,Fees,Transaction ID,Order No.,Timestamp (UTC+0)\n' +
          '28,ICPUSDT,LIMIT,BUY,80.203,8.0203,10.00000000000000000000,0.01000000000000000000,22,18,14:35 2024-11-16\n',
      ),
    ),
    {
      taken: 'bybit spot trade history',
      symbol: 'ICPUSDT',
      instrument: 'spot ICP USDT 1',
      fills: ['buy 10 8.0203 0.01 ICP 2024-11-16T14:35:00'],
    },
  )
  const log =
    'Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,Wallet Balance,Action,OrderId,TradeId,Time\n' +
    'USDT,AAAUSDT,TRADE,SELL,2,0,110,--,-0.11,20,19.89,1000,CLOSE,o3,x3,2026-01-11 10:00:00.000\n' +
    'USDT,AAAUSDT,SETTLEMENT,BUY,0,2,108,-0.0216,0,0,-0.0216,1000,SETTLEMENT,o2,x2,2026-01-11 08:00:00.000\n' +
    'USDT,AAAUSDT,TRADE,BUY,2,2,100,0,-0.11,0,-0.11,1000,OPEN,o1,x1,2026-01-10 10:00:00.000\n' +
    'USDT,,TRANSFER_IN,--,100,--,--,--,--,100,100,1100,--,--,--,2026-01-09 10:00:00.000\n'
  const file = read(log)
  t.same(outline(file), {
    taken: 'bybit transaction log, newest first',
    symbol: 'AAAUSDT',
    instrument: 'linear AAA USDT 1',
    fills: ['buy 2 100 0.11 USDT 2026-01-10T10:00:00', 'sell 2 110 0.11 USDT 2026-01-11T10:00:00'],
  })
  t.same(
    file.funding.map(({ amount, atMs }) => [toText(amount), atMs]),
    [['-0.0216', Date.UTC(2026, 0, 11, 8)]],
  )
  t.throws(() => read(log.replaceAll('USDT,AAAUSDT,TRADE', 'AAA,AAAUSDT,TRADE')), {
    code: 'FILLS_INVALID',
    message: /fills\.csv:2: currency is of a spot trade/,
  })
})

t.test('okx: a zone above the columns, spot on two lines, swaps in contracts', async (t) => {
  const head =
    '\uFEFFUID:000,\uFEFFAccount Type:Main,\uFEFFTime Zone:UTC+8\n' +
    '\uFEFFid,Order id,Time,Trade Type,Symbol,Action,Amount,Trading Unit,Filled Price,PnL,Fee,Fee Unit,Position Change,Position Balance,Balance Change,Balance,Balance Unit\n'
  t.same(
    outline(
      read(
        `${head}1,100,2025-11-29 08:25:29,Spot,BTC-USDT,Buy,0.01,BTC,90000,0,-0.00001,BTC,0,0,0.00999,0.00999,BTC\n` +
          '2,100,2025-11-29 08:25:29,Spot,BTC-USDT,Sell,900,USDT,90000,0,0,USDT,0,0,-900,100,USDT\n' +
          '3,101,2025-11-29 09:25:29,Spot,BTC-USDT,Buy,919.08,USDT,92000,0,-0.9,USDT,0,0,918.18,1018.18,USDT\n' +
          '4,101,2025-11-29 09:25:29,Spot,BTC-USDT,Sell,0.00999,BTC,92000,0,0,BTC,0,0,-0.00999,0,BTC\n' +
          '5,,2025-11-29 09:30:00,Transfer,,Transfer in,0,cont,0,0,0,USDT,0,0,1500,1500,USDT\n',
      ),
    ),
    {
      taken: 'okx trading history',
      symbol: 'BTC-USDT',
      instrument: 'spot BTC USDT 1',
      fills: [
        'buy 0.01 90000 0.00001 BTC 2025-11-29T00:25:29',
        'sell 0.00999 92000 0.9 USDT 2025-11-29T01:25:29',
      ],
    },
  )
  const swap = `${head}2,12,2026-01-10 11:00:00,Perpetual,AAA-USDT-SWAP,Open short,3,cont,100,0,-0.15,USDT,3,3,0,0,USDT\n`
  t.throws(() => read(swap), { code: 'CONTRACT_SIZE_MISSING' })
  t.match(outline(read(swap, { contractSize: '0.1' })), {
    instrument: 'linear AAA USDT 0.1',
    fills: ['sell 3 100 0.15 USDT 2026-01-10T03:00:00'],
  })
})

t.test('kraken: trades, and ledgers of which two lines are a trade', async (t) => {
  t.same(
    outline(
      read(
        '"txid","ordertxid","pair","time","type","ordertype","price","cost","fee","vol","margin","misc","ledgers"\n' +
          '"TDN","OS6","XXBTZEUR","2024-03-19 19:43:31.6798","buy","limit",54054.0,100.00,0.18,0.00185,0.00000,"","LFT,LS4"\n',
      ),
    ),
    {
      taken: 'kraken trades',
      symbol: 'XXBTZEUR',
      instrument: 'spot BTC EUR 1',
      fills: ['buy 0.00185 54054 0.18 EUR 2024-03-19T19:43:31'],
    },
  )
  const ledgers =
    'txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance\n' +
    'L0,R0,2025-01-05 12:00:00,deposit,,currency,ZUSD,spot,1000,0,1000\n' +
    'L1,T1,2025-01-05 13:00:00,trade,,currency,ZUSD,spot,-300,0.78,699.22\n' +
    'L2,T1,2025-01-05 13:00:00,trade,,currency,XETH,spot,0.1,0,0.1\n'
  t.same(outline(read(ledgers)), {
    taken: 'kraken ledgers',
    symbol: 'ETH/USD',
    instrument: 'spot ETH USD 1',
    fills: ['buy 0.1 3000 0.78 USD 2025-01-05T13:00:00'],
  })
  t.throws(() => read(ledgers.replace('L2,T1', 'L2,T2')), {
    message: /fills\.csv:3: refid must stand on two/,
  })
})

t.test('coinbase fills, of which one instrument is chosen', async (t) => {
  const text =
    'portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n' +
    'default,T-001,BTC-USD,BUY,2024-09-01T12:34:01Z,0.1,BTC,65000,6.5,-6506.5,USD\n' +
    'default,T-002,ETH-USD,SELL,2024-09-02T08:00:00.500Z,1,ETH,3500,3.5,3496.5,USD\n'
  t.throws(() => read(text), {
    code: 'FILLS_INVALID',
    message: /fills\.csv:3: product is another instrument than above \(2 in all\)/,
    hint: 'choose one: --symbol BTC-USD, ETH-USD',
  })
  t.same(outline(read(text, { symbol: 'eth-usd' })), {
    taken: 'coinbase fills',
    symbol: 'ETH-USD',
    instrument: 'spot ETH USD 1',
    fills: ['sell 1 3500 3.5 USD 2024-09-02T08:00:00'],
  })
  t.throws(() => read(text, { symbol: 'SOL-USD' }), { code: 'SYMBOL_UNKNOWN' })
  t.throws(() => read(text.replace('T-002,ETH', 'T-001,BTC')), {
    message: /fills\.csv:3: trade id is that of a fill above/,
  })
  t.throws(
    () =>
      read(text.replace('2024-09-02T08', '2024-08-02T08').replace('BTC-USD,BUY', 'BTC-USD,BUY'), {
        symbol: 'X',
      }),
    {
      code: 'SYMBOL_UNKNOWN',
    },
  )
})

t.test('what is wrong is named by file, line and field', async (t) => {
  const head = 'timestamp,side,price,size,fee,fee_currency,fee_rate,symbol,id\n'
  const good = '2024-01-02,buy,10,1,0,,,AB/CD,1\n'
  const wrong: readonly (readonly [string, RegExp])[] = [
    [`${head}${good}2024-01-01,sell,10,1,0,,,AB/CD,2\n`, /csv:3: timestamp is out of order/],
    [`${head}${good}2024-01-03,sell,10,1,0,,,AB/CD,1\n`, /csv:3: id is that of a fill above/],
    [`${head}${good}2024-01-03,sell,NaN,1,0,,,AB/CD,2\n`, /csv:3: price must be a decimal/],
    [`${head}${good}2024-01-03,sell,-5,1,0,,,AB/CD,2\n`, /csv:3: price must be greater than 0/],
    [`${head}${good}2024-01-03,sell,,1,0,,,AB/CD,2\n`, /csv:3: price is missing/],
    [`${head}${good}2024-02-30,sell,10,1,0,,,AB/CD,2\n`, /csv:3: timestamp must be an instant/],
    [`${head}${good}2024-01-03,hold,10,1,0,,,AB/CD,2\n`, /csv:3: side must be one of/],
    [`${head}${good}2024-01-03,sell,10,1,0,,,EF/CD,2\n`, /csv:3: symbol is another instrument/],
    [`${head}${good}2024-01-03,sell,10,1,1,BNB,,AB/CD,2\n`, /csv:3: fee_rate is missing for a fee in BNB/],
    [`${head}${good}2024-01-03,sell,10,1,1,BNB,0,AB/CD,2\n`, /csv:3: fee_rate must be greater than 0/],
    [`${head}${good}2024-01-03,sell,10,1,1,,,AB/CD,2,9,9\n`, /csv:3: has 11 cells for 9 columns/],
    [`${head}${good}2024-01-03,"sell,10\n`, /csv:3: a quoted cell does not end/],
    ['side,price\n', /csv:1: the first line must name the columns; size is missing/],
    ['', /csv is empty/],
    [
      '[{"side":"buy","price":"1","size":"1"},\n {"side":"buy","price":1e-400,"size":"1"}]',
      /csv:2: \[1\]\.price/,
    ],
    ['{"fills":[\n{"side":"buy","price":NaN,"size":"1"}]}', /csv:2: fills\[0\]\.price: not JSON/],
    [
      '{"input":{"fills":[\n\n{"side":"buy","price":"x","size":"1"}]}}',
      /csv:3: input\.fills\[0\]\.price must be/,
    ],
    ['{"instrument":{"kind":"spott"},"fills":[]}', /csv:1: instrument\.kind must be one of/],
    [
      '{"instrument":{"symbol":"A"},"fills":[{"symbol":"B","side":"buy","price":"1","size":"1"}]}',
      /csv:1: fills\[0\]\.symbol must be that of the instrument, A/,
    ],
  ]
  for (const [text, message] of wrong) {
    t.throws(() => read(text, { pnlCurrency: 'USDT' }), { message }, String(message))
  }
})
