import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { analyzeCashFlows } from '../../src/cli/analyze/cash-flows.ts'
import { parseCsv } from '../../src/cli/analyze/csv.ts'
import { lineOfPath } from '../../src/cli/analyze/json-place.ts'
import { readReturns } from '../../src/cli/analyze/returns.ts'

const folder = t.testdir()

function put(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

function returns(text: string, benchmark?: string): readonly number[] {
  const series = readReturns(put('r.txt', text), {
    periodsPerYear: 12,
    ...(benchmark === undefined ? {} : { benchmark: put('b.txt', benchmark) }),
  })
  return [...series.returns, ...(series.benchmark?.returns ?? [])]
}

const flows = (text: string) => analyzeCashFlows(put('f.txt', text))

t.test('returns as people have them', async (t) => {
  t.same(returns('[0.1, -0.2]'), [0.1, -0.2])
  t.same(returns('0.1\n-0.2\n'), [0.1, -0.2])
  t.same(returns('\uFEFFDate\tReturn\r\n2026-01-01\t10 %\r\n\r\n2026-02-01\t-20%\r\n'), [0.1, -0.2])
  t.same(returns('date,return_pct\n2026-01-01,10\n2026-02-01,-20\n'), [0.1, -0.2])
  t.same(returns('date;return\n2026-01-01;0,1\n2026-02-01;-0,2\n'), [0.1, -0.2])
  t.same(returns('[{"date":"2026-01-01","return":0.1},{"date":"2026-01-02","return":-0.2}]'), [0.1, -0.2])
  t.same(returns('{"returns":[0.1,-0.2],"benchmark":[0.3,0.4]}'), [0.1, -0.2, 0.3, 0.4])
  t.same(returns('return,benchmark\n0.1,0.3\n-0.2,0.4\n'), [0.1, -0.2, 0.3, 0.4])
  t.same(returns('[0.1]', '[0.3]'), [0.1, 0.3])
})

t.test('what is wrong with returns is named by file, line and field', async (t) => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['date,return\n2026-01-02,0.1\n2026-01-01,0.1\n', /r\.txt:3: date is out of order/],
    ['date,return\n2026-01-02,0.1\n2026-01-02,0.1\n', /r\.txt:3: date is that of the return above/],
    ['date,return\n2026-01-02,NaN\n', /r\.txt:2: return must be a finite number/],
    ['date,return\n2026-01-02,\n', /r\.txt:2: return is missing/],
    ['date,return\n2026-01-02,1e999\n', /r\.txt:2: return must be a finite number/],
    ['date,return\n2026-13-02,0.1\n', /r\.txt:2: date must be an instant/],
    ['date,price\n2026-01-02,0.1\n', /r\.txt:1: the first line must name the columns; return is missing/],
    ['date,return,benchmark\n2026-01-02,0.1,0.1\n2026-01-03,0.1,\n', /r\.txt:3: benchmark is missing/],
    ['[0.1,\n"0.2"]', /r\.txt:2: \[1\] must be a finite number/],
    ['[0.1,\n\nnull]', /r\.txt:3: \[1\] must be a finite number/],
    ['[0.1,\nNaN]', /r\.txt:2: \[1\]: not JSON/],
    ['{"returns":[0.1,0.2],\n"benchmark":[0.1]}', /r\.txt:2: benchmark has 1 elements for 2 returns/],
    ['{"input":{"returns":[0.1],\n"dates":["x"]}}', /r\.txt:2: input\.dates\[0\] must be an instant/],
    ['{"returns":\n5}', /r\.txt:2: returns must be a list/],
    ['{}', /r\.txt:1: returns is missing/],
    ['[]', /r\.txt has no returns/],
    ['{"a":1,\n"a":2}', /r\.txt:2: .*key twice/],
  ]
  for (const [text, message] of wrong) t.throws(() => returns(text), { message }, String(message))
  t.throws(() => returns('[0.1]', '[0.1, 0.2]'), { message: /b\.txt has 2 returns, .*r\.txt has 1/ })
  t.throws(() => returns('[0.1, 0.2]', '[0.1]'), { message: /b\.txt has 1 returns, .*r\.txt has 2/ })
  writeFileSync(join(folder, 'latin'), Buffer.from([0x72, 0xe9, 0x0a]))
  t.throws(() => readReturns(join(folder, 'latin'), {}), { message: /latin is not UTF-8/ })
})

t.test('what is wrong with cash flows is named by file, line and field', async (t) => {
  const head = 'timestamp,amount,equity\n2026-01-01,,100\n'
  const wrong: readonly (readonly [string, RegExp])[] = [
    [`${head}2026-01-05,5,100\n2026-01-04,5,100\n2026-02-01,,110\n`, /f\.txt:4: timestamp is out of order/],
    [`${head}2026-01-05,x,100\n2026-02-01,,110\n`, /f\.txt:3: amount must be a finite number/],
    [`${head}2026-01-05,5,\n2026-02-01,,110\n`, /f\.txt:3: equity is missing/],
    [`${head}2026-03-05,5,100\n2026-02-01,,110\n`, /f\.txt:3: timestamp lies outside/],
    [`${head}2026-02-01,7,110\n`, /f\.txt:3: amount must be empty/],
    [`${head}2025-02-01,,110\n`, /f\.txt:3: timestamp must be after the start/],
    [head, /f\.txt needs a first line/],
    ['a,b\n1,2\n', /f\.txt:1: the first line must name the columns; timestamp, amount are missing/],
    ['{"flows":[\n{"date":"2026-01-01"}]}', /f\.txt:2: flows\[0\]\.amount is missing/],
    [
      '{"start":"2026-01-01",\n"end":"2025-01-01","start_equity":1,"end_equity":2}',
      /f\.txt:2: end must be after/,
    ],
  ]
  for (const [text, message] of wrong) t.throws(() => flows(text), { message }, String(message))
  t.equal(flows(`${head}2026-02-01,,110\n`).metrics['twr_true'], 1.1 - 1)
  t.same(flows('date,amount\n2026-01-01,1\n').reasons, { xirr: 'needs_both_signs' })
})

t.test('the ledgers of kraken as cash flows', async (t) => {
  const head = '"txid","refid","time","type","subtype","aclass","asset","amount","fee","balance"\n'
  const ledgers =
    `\uFEFF${head}"","R1","2024-01-01 00:00:00","deposit","","currency","ZUSD","1000.0000","0.0000",""\n` +
    '"L1","R1","2024-01-01 00:01:00","deposit","","currency","ZUSD","1000.0000","0.0000","1000.0000"\n' +
    '"L2","R2","2024-02-01 00:00:00","trade","","currency","ZUSD","-500.0000","1.3000","498.7000"\n' +
    '"L3","R2","2024-02-01 00:00:00","trade","","currency","XXBT","0.0125","0.0000","0.0125"\n' +
    '"L4","R4","2024-07-01 00:00:00","withdrawal","","currency","ZUSD","-99.0000","1.0000","398.7000"\n' +
    '"L5","R5","2024-12-31 00:01:00","staking","","currency","ETH2.S","0.1","0","0.1"\n'
  const path = put('ledgers.csv', ledgers)
  const { metrics } = analyzeCashFlows(path, { endEquity: 1_000 })
  const bare = flows('date,amount\n2024-01-01 00:01:00,-1000\n2024-07-01,100\n2024-12-31 00:01:00,1000\n')
  t.same(metrics, bare.metrics, 'what was announced once more does not count, fees do')
  t.ok(metrics['xirr']! > 0.09 && metrics['xirr']! < 0.12)
  t.throws(() => analyzeCashFlows(path), { code: 'EQUITY_MISSING', message: /ledgers\.csv says no worth/ })
  const other = ledgers.replace('"L4","R4","2024-07-01 00:00:00","withdrawal","","currency","ZUSD"', '$&X')
  t.throws(() => analyzeCashFlows(put('ledgers.csv', other.replace('"ZUSD"X', '"XETH"')), { endEquity: 1 }), {
    code: 'FLOWS_INVALID',
    message: /ledgers\.csv:6: asset is ETH, while flows before it are in USD/,
  })
  const none = `${head}"L1","R1","2024-01-01 00:01:00","trade","","currency","ZUSD","1","0","1"\n`
  t.throws(() => analyzeCashFlows(put('ledgers.csv', none), { endEquity: 1 }), { message: /no deposit/ })
})

t.test('CSV: quotes, breaks within, separators, empty lines', async (t) => {
  const { records, separator } = parseCsv('a;"b;""c"\r\n\r\n"x\ny";2\n;', 'f')
  t.equal(separator, ';')
  t.same(records, [
    { cells: ['a', 'b;"c'], line: 1 },
    { cells: ['x\ny', '2'], line: 3 },
    { cells: ['', ''], line: 5 },
  ])
  t.throws(() => parseCsv('a,"b"c\n', 'f'), { code: 'CSV_INVALID', message: /^f:1:/ })
  t.throws(() => parseCsv('a\n"b', 'f'), { code: 'CSV_INVALID', message: /^f:2:/ })
})

t.test('the line of a member', async (t) => {
  const text = '{\n "a": {"b": [1,\n 2, {"c,d": "]",\n "e": 3}]},\n "f": 4}'
  t.equal(lineOfPath(text, 'a.b[1]'), 3)
  t.equal(lineOfPath(text, 'a.b[2].e'), 4)
  t.equal(lineOfPath(text, 'f'), 5)
  t.equal(lineOfPath(text, 'a.b[2].missing'), 3)
  t.equal(lineOfPath(text, 'missing'), 1)
})
