import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { add, compare, decimalFromInteger, parseDecimal, toNumber } from '@perf-agg/sdk'
import { analyzeFills } from '../../src/accounting/analysis/fill-analysis.ts'
import type { AnalyzedFill, AnalyzedInstrument } from '../../src/accounting/analysis/fill-analysis.ts'

const folder = join(import.meta.dirname, '../../../shared/reference/metrics/fills')

interface ReferenceFile {
  name: string
  input: {
    instrument: {
      kind: 'spot' | 'linear' | 'inverse'
      base: string
      contract_size: string
      pnl_currency: string
    }
    mark_price?: string
    fills: {
      side: 'buy' | 'sell'
      price: string
      size: string
      fee: string
      fee_currency: string
      fee_rate?: string
    }[]
  }
  expected: Record<'fifo' | 'average', Record<string, number | string>> & {
    fees_by_currency: Record<string, number>
  }
  tolerance?: { rel: number; abs: number }
}

t.test(
  'agrees with every reference file',
  { skip: existsSync(folder) ? false : 'no reference files here' },
  (t) => {
    const mismatches: string[] = []
    let compared = 0
    for (const name of readdirSync(folder).toSorted()) {
      const file: ReferenceFile = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      const { instrument, fills, mark_price: mark } = file.input
      const result = analyzeFills(
        {
          kind: instrument.kind,
          base: instrument.base,
          contractSize: parseDecimal(instrument.contract_size),
          pnlCurrency: instrument.pnl_currency,
        },
        fills.map((fill) => ({
          side: fill.side,
          price: parseDecimal(fill.price),
          size: parseDecimal(fill.size),
          fee: parseDecimal(fill.fee),
          feeCurrency: fill.fee_currency,
          feeRate: fill.fee_rate === undefined ? null : parseDecimal(fill.fee_rate),
        })),
        mark === undefined ? null : parseDecimal(mark),
      )
      const close = (what: string, got: string | null | undefined, want: number): void => {
        compared += 1
        const off = Math.abs(Number(got ?? Number.NaN) - want)
        const { rel, abs } = file.tolerance ?? { rel: 1e-12, abs: 1e-12 }
        if (!(off <= abs || off <= rel * Math.abs(want)))
          mismatches.push(`${name} ${what}: ${got} is not ${want}`)
      }
      for (const method of ['fifo', 'average'] as const) {
        for (const [key, got] of Object.entries(result[method]))
          close(`${method}.${key}`, got, Number(file.expected[method][key]))
      }
      for (const [currency, fee] of Object.entries(file.expected.fees_by_currency)) {
        close(`fees ${currency}`, result.fees_by_currency[currency], fee)
      }
      t.equal(result.fifo.total_pnl, result.average.total_pnl, `${name}: both methods make the same total`)
    }
    t.ok(compared > 300, `${compared} values compared`)
    t.same(mismatches, [])
    t.end()
  },
)

const digits = (most: number) => fc.integer({ min: 1, max: most })
const anyFill: fc.Arbitrary<AnalyzedFill> = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  price: fc
    .tuple(digits(1e9), fc.integer({ min: 0, max: 12 }))
    .map(([n, scale]) => ({ digits: BigInt(n), scale })),
  size: fc
    .tuple(fc.oneof(digits(20), digits(1e9), digits(1e12)), fc.constantFrom(0, 2, 8, 18))
    .map(([n, scale]) => ({ digits: BigInt(n), scale })),
  fee: fc.integer({ min: -1000, max: 1000 }).map((n) => ({ digits: BigInt(n), scale: 5 })),
  feeCurrency: fc.constantFrom('USDT', 'BTC', 'BNB'),
  feeRate: fc.constant(decimalFromInteger(300)),
})

t.test('total by first-in first-out is total by average cost, to the last decimal', (t) => {
  const instruments: AnalyzedInstrument[] = (['spot', 'linear', 'inverse'] as const).map((kind) => ({
    kind,
    base: 'BTC',
    contractSize: kind === 'spot' ? decimalFromInteger(1) : parseDecimal('0.01'),
    pnlCurrency: kind === 'inverse' ? 'BTC' : 'USDT',
  }))
  fc.assert(
    fc.property(
      fc.constantFrom(...instruments),
      fc.array(anyFill, { maxLength: 60 }),
      digits(1e7),
      (instrument, fills, mark) => {
        const result = analyzeFills(instrument, fills, decimalFromInteger(mark))
        t.equal(result.fifo.total_pnl, result.average.total_pnl)
        t.equal(result.fifo.position, result.average.position)
        const whole = add(
          parseDecimal2(result.fifo.net_realized_pnl),
          parseDecimal2(result.fifo.unrealized_pnl_at_mark!),
        )
        t.equal(compare(whole, parseDecimal2(result.fifo.total_pnl!)), 0)
      },
    ),
    { numRuns: 150 },
  )
  t.end()
})

/** Results may be longer than what is taken at the door. */
function parseDecimal2(text: string): { digits: bigint; scale: number } {
  const [whole = '', fraction = ''] = text.split('.')
  return { digits: BigInt(whole + fraction), scale: fraction.length }
}

t.test('a fee in a third coin without its rate is refused by name', (t) => {
  const instrument: AnalyzedInstrument = {
    kind: 'spot',
    base: 'BTC',
    contractSize: decimalFromInteger(1),
    pnlCurrency: 'USDT',
  }
  const one = decimalFromInteger(1)
  const fill: AnalyzedFill = {
    side: 'buy',
    price: one,
    size: one,
    fee: one,
    feeCurrency: 'BNB',
    feeRate: null,
  }
  t.throws(() => analyzeFills(instrument, [fill], null), { code: 'FEE_RATE_MISSING', message: /fill 1/ })
  t.equal(analyzeFills(instrument, [{ ...fill, feeRate: one }], null).fifo.total_pnl, null)
  t.equal(toNumber(one), 1)
  t.end()
})
