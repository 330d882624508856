import { readFileSync } from 'node:fs'
import t from 'tap'
import { accountFigures, worthReadingFromDays } from '../../src/accounting/record/account-figures.ts'
import { benchmarkFigureSet } from '../../src/accounting/record/benchmark-figures.ts'
import { portfolioOf } from '../../src/accounting/record/portfolio.ts'
import { metricSet } from '../../src/accounting/metrics/set.ts'
import { figureLines, figuresOfCode, lineOf } from './metrics-page.ts'
import { pageNames, readPage } from './page.ts'

/** The page of metrics says what the code computes: every figure, in its order, with its formula and source. */

const page = readPage('perf-agg-metrics.7.md')

t.test('every figure of the code, and no other', async (t) => {
  t.strictSame(figureLines(page), figuresOfCode.map(lineOf))
  t.ok(figuresOfCode.length > 120, `${figuresOfCode.length} figures`)
  t.not(
    figureLines(page.replace('`stdev_sample · √ppy`', '`stdev_sample · ppy`')).join('\n'),
    figuresOfCode.map(lineOf).join('\n'),
    'a changed formula is seen',
  )
})

/** From its heading to the next. */
function sectionOf(name: string): string {
  const section = page.slice(page.indexOf(`## ${name}\n`))
  return section.slice(0, section.indexOf('\n## ', 3))
}

t.test('every figure of an account, with the one it is of', async (t) => {
  const section = sectionOf('FIGURES OF AN ACCOUNT')
  const all = section.split('\n').filter((line) => line.startsWith('- '))
  const lines = all.slice(0, accountFigures.length)
  t.strictSame(
    all.slice(accountFigures.length),
    [...worthReadingFromDays].map(([name, days]) => `- \`${name}\`: from ${days} days on.`),
    'from how many days on each is worth reading',
  )
  t.strictSame(
    lines,
    accountFigures.map(({ name, definition }) => `- \`${name}\`: ${definition}.`),
  )
  for (const name of Object.keys(portfolioOf([], []).values)) {
    t.ok(
      accountFigures.some((figure) => figure.name === name),
      name,
    )
  }
  const known = new Set(metricSet.map(({ name }) => name))
  const told = [...section.matchAll(/`([a-z_]+_(?:sample|arithmetic|full|return|periods|0|95))`/g)]
  t.ok(told.length > 8)
  for (const [, name] of told) t.ok(known.has(name!), `${name} exists`)
})

t.test('every figure beside an index, and every metric that it names', async (t) => {
  const lines = sectionOf('BESIDE AN INDEX')
    .split('\n')
    .filter((line) => line.startsWith('- '))
  t.strictSame(
    lines,
    benchmarkFigureSet.map(({ name, definition }) => `- \`${name}\`: ${definition}.`),
  )
  const known = new Set(metricSet.map(({ name }) => name))
  const told = lines.flatMap((line) => [...line.slice(line.indexOf(':')).matchAll(/`(\w+)`/g)])
  t.equal(told.length, 14)
  for (const [, name] of told) t.ok(known.has(name!), `${name} exists`)
})

t.test('every reason a figure may be missing for', async (t) => {
  const code = readFileSync(new URL('../../src/accounting/metrics/metric.ts', import.meta.url), 'utf8')
  const type = /export type Reason =([^;]*?)\n\n/.exec(code)?.[1] ?? ''
  const reasons = [...type.matchAll(/'(\w+)'/g)].map(([, reason]) => reason!)
  t.ok(reasons.length > 12)
  for (const reason of reasons.filter((one) => one !== 'no_benchmark')) {
    t.ok(page.includes(`\`${reason}\``), reason)
  }
})

t.test('no page claims what only firms can', async (t) => {
  t.match(page, /GIPS-consistent methodology/)
  for (const name of pageNames())
    t.notMatch(readPage(name), /GIPS[- ]compli|complian(t|ce) with (the )?GIPS/i, name)
})
