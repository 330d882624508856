import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

/** Every reference file as it stands, through the command: its input is read, what it expects is compared. */

t.setTimeout(1_500_000)

const folder = join(import.meta.dirname, '../../../shared/reference/metrics')
const skip = existsSync(folder) ? false : 'no reference files here'
const command = join(import.meta.dirname, '../../bin/perf-agg.js')
const run = promisify(execFile)

interface Tolerance {
  readonly rel: number
  readonly abs: number
}

interface Wanted {
  readonly value: number | null
  readonly tolerance?: Tolerance
  readonly roots?: readonly number[]
}

interface Reference<Expected> {
  readonly expected: Expected
  readonly tolerance?: Tolerance
}

interface WantedFills {
  readonly fifo: Readonly<Record<string, number>>
  readonly average: Readonly<Record<string, number>>
  readonly fees_by_currency: Readonly<Record<string, number>>
}

interface Printed {
  readonly metrics: Readonly<Record<string, number | null>>
  readonly reasons: Readonly<Record<string, string>>
  readonly roots?: { readonly xirr: readonly number[] }
  readonly fifo: Readonly<Record<string, string | null>>
  readonly average: Readonly<Record<string, string | null>>
  readonly fees_by_currency: Readonly<Record<string, string>>
}

async function analyze(...flags: readonly string[]): Promise<Printed> {
  const { stdout } = await run(process.execPath, [command, 'analyze', ...flags, '--json'], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TZ: 'UTC' },
    maxBuffer: 16_777_216,
  })
  return JSON.parse(stdout)
}

class Comparison {
  readonly mismatches: string[] = []
  compared = 0

  check(what: string, got: number | null | undefined, want: number | null, tolerance: Tolerance): void {
    this.compared += 1
    const off =
      typeof got === 'number' && want !== null ? Math.abs(got - want) : got === want ? 0 : Number.NaN
    if (!(off <= tolerance.abs || off <= tolerance.rel * Math.abs(want ?? 0))) {
      this.mismatches.push(`${what}: ${got} is not ${want}`)
    }
  }
}

async function each<Expected>(
  kind: string,
  compare: (name: string, reference: Reference<Expected>) => Promise<void>,
): Promise<void> {
  const names = readdirSync(join(folder, kind)).toSorted()
  const next = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      await compare(join(folder, kind, name), JSON.parse(readFileSync(join(folder, kind, name), 'utf8')))
    }
  }
  await Promise.all([next(), next()])
}

t.test('--returns', { skip }, async (t) => {
  const comparison = new Comparison()
  await each<Record<string, Wanted>>('returns', async (path, { expected }) => {
    const { metrics } = await analyze('--returns', path)
    for (const [name, { value, tolerance }] of Object.entries(expected)) {
      comparison.check(`${path} ${name}`, metrics[name], value, tolerance!)
    }
  })
  t.ok(comparison.compared > 2_500, `${comparison.compared} values compared`)
  t.same(comparison.mismatches, [])
})

t.test('--fills', { skip }, async (t) => {
  const comparison = new Comparison()
  await each<WantedFills>('fills', async (path, { expected, tolerance }) => {
    const printed = await analyze('--fills', path)
    t.same(Object.keys(printed), ['fifo', 'average', 'fees_by_currency'])
    for (const method of ['fifo', 'average'] as const) {
      for (const [name, got] of Object.entries(printed[method])) {
        const want = Number(expected[method][name])
        comparison.check(`${path} ${method} ${name}`, got === null ? null : Number(got), want, tolerance!)
      }
    }
    for (const [currency, want] of Object.entries(expected.fees_by_currency)) {
      comparison.check(`${path} ${currency}`, Number(printed.fees_by_currency[currency]), want, tolerance!)
    }
  })
  t.ok(comparison.compared > 300, `${comparison.compared} values compared`)
  t.same(comparison.mismatches, [])
})

t.test('--cash-flows', { skip }, async (t) => {
  const comparison = new Comparison()
  await each<Record<string, Wanted>>('cash_flows', async (path, { expected, tolerance }) => {
    const { metrics, reasons, roots } = await analyze('--cash-flows', path)
    t.same(Object.keys(metrics).toSorted(), Object.keys(expected).toSorted(), path)
    for (const [name, { value, roots: wanted }] of Object.entries(expected)) {
      comparison.check(`${path} ${name}`, metrics[name], value, tolerance!)
      t.equal(metrics[name] === null, name in reasons, `${path} ${name} has a value or a reason`)
      if (wanted === undefined) continue
      comparison.check(`${path} roots`, roots?.xirr.length ?? 0, wanted.length, tolerance!)
      for (const [index, root] of wanted.entries()) {
        comparison.check(`${path} root ${index}`, roots?.xirr[index], root, tolerance!)
      }
    }
  })
  t.ok(comparison.compared > 100, `${comparison.compared} values compared`)
  t.same(comparison.mismatches, [])
})
