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

function origins({ urls, hostname = '' }: Ccxt): (string | null)[] {
  const names = urls.api?.['rest'] === undefined ? ['public', 'private'] : ['rest']
  return names.map((name) => {
    const leaf = urls.api?.[name]
    return typeof leaf === 'string' ? new URL(leaf.replaceAll('{hostname}', hostname)).origin : null
  })
}

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
      t.strictSame(origins(exchange), [null, null], 'the switch leaves nothing to call')
    }
    if (!exchangeIds.includes(id)) return
    t.equal(offerFor(id, 'spot', false).sandbox, of('sandbox').length > 0, 'offered where it can be reached')
    if (of('sandbox').length === 0) {
      t.throws(() => offerFor(id, 'spot', true), { code: 'SANDBOX_UNSUPPORTED' })
    }
  })
}
