import { readFileSync } from 'node:fs'
import { accountTypes } from '@perf-agg/sdk'
import t from 'tap'
import { endpoints as binance } from '../../src/collector/binance/endpoint.ts'
import { endpoints as bitget } from '../../src/collector/bitget/endpoint.ts'
import { endpoints as bybit } from '../../src/collector/bybit/endpoint.ts'
import { endpoints as coinbase } from '../../src/collector/coinbase/endpoint.ts'
import { venues } from '../../src/collector/generic/venue.ts'
import { endpoints as hyperliquid } from '../../src/collector/hyperliquid/endpoint.ts'
import { endpoints as kraken } from '../../src/collector/kraken/endpoint.ts'
import { endpoints as krakenfutures } from '../../src/collector/krakenfutures/endpoint.ts'
import { endpoints as kucoin } from '../../src/collector/kucoin/endpoint.ts'
import { endpoints as okx } from '../../src/collector/okx/endpoint.ts'
import { outageMsMaxOf, type Reach, reaches, spanText } from '../../src/collector/reach.ts'
import { exchangesWithHosts, rulesOf } from '../../src/egress/hosts.ts'
import { exchangesWithStreams, streamRulesOf } from '../../src/egress/stream-hosts.ts'
import { exchangeIds, offerFor } from '../../src/session/exchange.ts'

/** perf-agg-exchanges(7) against the code: what it says is covered is, and the other way round. */

const text = readFileSync(new URL('../../man/perf-agg-exchanges.7.md', import.meta.url), 'utf8')

/** The rows of a section's table, without its head. */
function rows(section: string): string[][] {
  const part = text.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
  return part
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

function isOffered(id: string, type: string): boolean {
  try {
    return offerFor(id, type, false).source !== undefined
  } catch {
    return false
  }
}

t.test('every offer has its row, with its sandbox and host', async (t) => {
  const coverage = rows('COVERAGE')
  t.strictSame([...new Set(coverage.map(([id]) => id))], exchangeIds)
  const hosts = new Map<string, Set<string>>()
  const sandboxes = new Map<string, boolean>()
  for (const [id = '', type = '', sandbox, host] of coverage) {
    const offer = offerFor(id, type, false)
    t.equal(sandbox, offer.sandbox ? 'yes' : 'no', id)
    const live = rulesOf(id, null).filter(({ environment }) => environment === 'live')
    const named = host === '-' || host === undefined ? [] : host.split(' ').map((name) => `https://${name}`)
    t.strictSame(
      named.filter((origin) => !live.some((rule) => rule.origin === origin)),
      [],
      id,
    )
    hosts.set(id, new Set([...(hosts.get(id) ?? []), ...named]))
    sandboxes.set(id, (sandboxes.get(id) ?? false) || offer.sandbox)
  }
  for (const id of exchangeIds) {
    const rules = rulesOf(id, null)
    const live = rules.filter(({ environment }) => environment === 'live').map(({ origin }) => origin)
    t.strictSame([...(hosts.get(id) ?? [])].toSorted(), live.toSorted(), `${id} hosts`)
    const sandbox = rules.some(({ environment }) => environment === 'sandbox')
    t.equal(sandboxes.get(id), sandbox, `${id} sandbox`)
  }
  const types = exchangeIds.flatMap((id) =>
    accountTypes.filter((type) => isOffered(id, type)).map((type) => `${id} ${type}`),
  )
  t.strictSame(coverage.map(([id, type]) => `${id} ${type}`).toSorted(), types.toSorted())
})

t.test('every call has its place in the list, and may be made', async (t) => {
  const endpoints: Readonly<Record<string, Readonly<Record<string, { readonly method: string }>>>> = {
    binance,
    bitget,
    bybit,
    coinbase,
    hyperliquid,
    kraken,
    krakenfutures,
    kucoin,
    okx,
  }
  const calls = rows('CALLS')
  t.strictSame(
    calls.map(([id]) => id),
    exchangesWithHosts,
  )
  for (const [id = '', list = ''] of calls) {
    const paths = list.split(' ')
    const said = paths.map((path) =>
      path
        .replace(
          /^\/(0\/(public|private)|(derivatives\/)?[sfd]?api(\/(ua|history|charts|auth))?)?(\/?v\d)?\//,
          '',
        )
        .replaceAll(/[^\w]|_/g, '')
        .toLowerCase(),
    )
    const own = endpoints[id]
    // what ccxt's own methods call is not written here; that they call nothing else is seen with them
    const made = Object.values(own ?? {}).map(({ method }) =>
      method.replace(/^[A-Za-z\d]*?(Get|Post)(V\d)?/, '').toLowerCase(),
    )
    if (own === undefined) t.ok(Object.hasOwn(venues, id), `${id} is generic`)
    else t.strictSame([...new Set(said)], [...new Set(made)], id)
    for (const rule of rulesOf(id, null)) {
      t.ok(
        paths.every((path) => rule.paths.some((prefix) => path.startsWith(prefix))),
        `${rule.origin} lets them through`,
      )
    }
  }
  for (const section of ['LIMITS', 'CONFIRMATION']) {
    t.strictSame([...new Set(rows(section).map(([id]) => id))], exchangesWithHosts, section)
  }
})

function reachText({ list, keptMs, rowsMax }: Reach): string {
  const rows = rowsMax === undefined ? '' : `the newest ${rowsMax.toLocaleString('en-US')}`
  return `${list} ${rows || (keptMs === null ? 'for ever' : spanText(keptMs))}`.trim()
}

t.test(
  'how far back each tells, and how long an outage may last, is what adapters and schedule go by',
  async (t) => {
    const said = rows('LIMITS')
    t.strictSame(Object.keys(reaches), exchangesWithHosts)
    for (const [id, groups] of Object.entries(reaches)) {
      const own = said.filter(([name]) => name === id)
      // not known of each: none of them says
      if (Object.hasOwn(venues, id)) continue
      t.equal(own.length, groups.length, `${id} has a row for each of its groups of wallets`)
      for (const [index, { wallets, lists }] of groups.entries()) {
        const [, , back, , outage] = own[index] ?? []
        t.equal(back, lists.map(reachText).join(', '), id)
        const isEndless = lists.every(({ keptMs, rowsMax }) => keptMs === null && rowsMax === undefined)
        const newest = lists.some(({ rowsMax }) => rowsMax !== undefined)
        const span = isEndless ? 'for ever' : spanText(outageMsMaxOf(id, wallets))
        t.equal(outage, newest ? `${span}, or until 10,000 fills are newer` : span, id)
      }
    }
  },
)

t.test('nothing that orders or moves money may be called', async (t) => {
  const paths = exchangesWithHosts.flatMap((id) =>
    rulesOf(id, null)
      .filter(({ methods }) => methods.includes('POST'))
      .flatMap((rule) => rule.paths),
  )
  const moving = [
    '/0/private/AddOrder',
    '/0/private/Withdraw',
    '/0/private/WalletTransfer',
    '/0/private/CancelAll',
    '/0/private/Earn/Allocate',
    '/exchange',
  ]
  t.strictSame(
    moving.filter((path) => paths.some((prefix) => path.startsWith(prefix))),
    [],
  )
})

t.test('every stream has its row, with its host and what opens it', async (t) => {
  const streams = rows('STREAMS')
  t.strictSame([...new Set(streams.map(([id]) => id))], exchangesWithStreams)
  for (const id of exchangesWithStreams) {
    const own = streams.filter(([each]) => each === id)
    const live = streamRulesOf(id, null).filter(({ environment }) => environment === 'live')
    const hosts = own.flatMap(([, , host = '']) => host.split(' '))
    const opened = own.flatMap(([, , , words = '']) => words.replaceAll('`', '').split(' '))
    const listened = live.filter(({ operations }) => operations !== undefined)
    t.strictSame(
      [...new Set(hosts)].toSorted(),
      [...new Set(listened.map(({ origin }) => new URL(origin).host))].toSorted(),
      id,
    )
    const calls = live.filter(({ operations }) => operations === undefined).flatMap(({ paths }) => paths)
    const said = listened.flatMap(({ operations }) => operations?.names ?? [])
    t.strictSame([...new Set(opened)].toSorted(), [...new Set([...calls, ...said])].toSorted(), id)
    for (const [, type = ''] of own) t.ok(isOffered(id, type), `${id} ${type}`)
  }
})
