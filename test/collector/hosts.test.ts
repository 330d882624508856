import t from 'tap'
import { exchangesWithHosts, rulesOf } from '../../src/egress/hosts.ts'
import { exchangeIds, offerFor } from '../../src/session/exchange.ts'

/** Where unmodified ccxt would call, held against what egress lets through, and under which name. */

interface Ccxt {
  readonly urls: { readonly api?: Readonly<Record<string, unknown>> }
  readonly hostname?: string
  readonly headers: Readonly<Record<string, string>>
  setSandboxMode(enabled: boolean): void
}

async function newCcxt(id: string): Promise<Ccxt> {
  const { href } = new URL(`./src/${id}.js`, import.meta.resolve('ccxt'))
  const { default: Exchange } = (await import(href)) as { default: new () => Ccxt }
  return new Exchange()
}

/** Of the one host of most, of what is public and private where they have names, or of every part. */
function origins({ urls, hostname = '' }: Ccxt): (string | null)[] {
  const { api = {} } = urls
  const named = ['rest', 'public', 'private'].filter((name) => api[name] !== undefined)
  const leaves = (named.length === 0 ? Object.values(api) : named.map((name) => api[name])).flatMap(leavesOf)
  if (leaves.length === 0) return [null, null]
  return leaves.map((leaf) => new URL(leaf.replaceAll('{hostname}', hostname)).origin)
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : []
}

/** They have one that is not offered: the collector does not throw the switch. */
const unswitched = ['bitget', 'gate', 'poloniex', 'woo']

for (const id of exchangesWithHosts) {
  t.test(`${id}: each host set is known by its own name`, async (t) => {
    const of = (environment: string): string[] =>
      rulesOf(id, null)
        .filter((rule) => rule.environment === environment)
        .map(({ origin }) => origin)
    const exchange = await newCcxt(id)
    t.ok(origins(exchange).every((origin) => origin !== null && of('live').includes(origin)))
    const marks = rulesOf(id, null).flatMap(({ mark }) => (mark === undefined ? [] : [mark]))
    t.ok(marks.every(({ header }) => exchange.headers[header] === undefined))
    exchange.setSandboxMode(true)
    t.ok(marks.every(({ header, value }) => exchange.headers[header] === value))
    if (of('sandbox').length > 0) {
      t.ok(origins(exchange).every((origin) => origin !== null && of('sandbox').includes(origin)))
    } else {
      const left = origins(exchange).filter((origin) => origin !== null)
      t.ok(left.length === 0 || unswitched.includes(id), 'the switch leaves nothing to call')
    }
    if (!exchangeIds.includes(id)) return
    const type = id === 'krakenfutures' ? 'futures' : 'spot'
    t.equal(offerFor(id, type, false).sandbox, of('sandbox').length > 0, 'offered where it can be reached')
    if (of('sandbox').length === 0) {
      t.throws(() => offerFor(id, type, true), { code: 'SANDBOX_UNSUPPORTED' })
    }
  })
}
