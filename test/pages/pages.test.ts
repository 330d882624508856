import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { buildCommand } from '../../src/cli/command.ts'
import { commandEntries } from '../../src/cli/command-list.ts'
import { renderPage } from '../../src/cli/terminal/manual.ts'
import { loadConfiguration } from '../../src/daemon/configuration/config.ts'
import { blocksOf, flagsOf, pageNames, readPage } from './page.ts'

/** The manual says what the commands do, no more and no less. */

const root = fileURLToPath(new URL('../../', import.meta.url))

for (const entry of commandEntries) {
  t.test(entry.name, async (t) => {
    const page = readPage(`perf-agg-${entry.name}.1.md`)
    const command = await buildCommand(entry)
    const known = [command, ...command.commands]
      .flatMap(({ options }) => options)
      .filter(({ hidden }) => !hidden)
      .map(({ long }) => long ?? '')
    t.strictSame([...new Set(flagsOf(page))].toSorted(), [...new Set(known)].toSorted(), 'the same flags')
    t.match(page, new RegExp(`^# perf-agg-${entry.name}\\(1\\) - .+`), 'named')
    t.match(page, /^## EXAMPLE\n/m, 'an example')
    t.ok(page.indexOf('## EXAMPLE') < page.indexOf('## SYNOPSIS'), 'which stands first')
    t.match(readPage('perf-agg.1.md'), `\`${entry.name}\``, 'listed in perf-agg(1)')
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()
    t.match(help, /^Example:\n {2}\$ .*perf-agg /, '--help shows an example first')
  })
}

t.test('every page is shipped, and its links lead somewhere', async (t) => {
  const names = pageNames()
  const { man } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { man: string[] }
  t.strictSame(man.toSorted(), names.map((name) => `./man/${name.replace(/\.md$/, '')}`).toSorted())
  for (const name of names) {
    for (const [, page, section] of readPage(name).matchAll(/\b(perf-agg[\w-]*)\((\d)\)/g)) {
      t.ok(names.includes(`${page}.${section}.md`), `${name} points to ${page}(${section})`)
    }
  }
})

t.test('tables can be read on a terminal too', async (t) => {
  for (const name of pageNames()) {
    const rows = readPage(name)
      .split('\n')
      .filter((line) => /^\|.*\|$/.test(line))
    if (rows.length === 0) continue
    const shown = renderPage(readPage(name), 80)
    t.notMatch(shown, /^ *\|/m, name)
    const last = rows.at(-1)!.split('|')[1]!.trim().replaceAll(/[`*]/g, '')
    t.ok(shown.includes(`  - ${last}`), `${name}: ${last}`)
  }
})

t.test('the configurations shown are taken', async (t) => {
  for (const name of ['perf-agg-deploy.7.md', 'perf-agg-serve.1.md']) {
    const shown = blocksOf(readPage(name)).filter(
      ({ kind, text }) => kind === 'json' && text.includes('"session"'),
    )
    t.equal(shown.length, 1, name)
    const folder = t.testdir({ 'c.json': shown[0]!.text })
    t.doesNotThrow(
      () => loadConfiguration({ flags: { config: 'c.json' }, environment: {}, home: folder, cwd: folder }),
      name,
    )
  }
})

t.test('every variable of the environment that serve reads is in its page', async (t) => {
  const settings = readFileSync(`${root}src/daemon/configuration/config.ts`, 'utf8')
  const variables = [...settings.matchAll(/'((?:ENCLAVE|AGGREGATOR)_[A-Z_]+)'/g)].map(([, name]) => name!)
  t.ok(variables.length >= 6)
  const page = readPage('perf-agg-serve.1.md')
  for (const name of variables) t.match(page, name)
})
