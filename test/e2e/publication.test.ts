import {
  newSigningKey,
  parseEitherRecordPage,
  parsePolicy,
  parsePublicRecord,
  type PublicRecord,
  publicRecordSchema,
  type TrackRecord,
  verifyRecord,
} from '@perf-agg/sdk'
import t from 'tap'
import { House } from './house.ts'
import { tradeHours } from './traded-hours.ts'

/** A record that its owner shows to everybody, and takes back for what is to come. */

const policy = parsePolicy({
  version: 1,
  accept: [{ tee: 'sev-snp', measurement: ['00'.repeat(48)] }],
  config: { environments: ['self-reported'] },
})

async function codesOf(record: TrackRecord | PublicRecord): Promise<readonly string[]> {
  const { steps } = await verifyRecord(record, { policy, nowMs: Date.now(), insecureSimulated: true })
  const expected = ['TEE_SIMULATED', 'TIME_SELF_ASSERTED', 'NO_WITNESS']
  return steps
    .filter(({ status, code }) => status !== 'affirming' && !expected.includes(code))
    .map(({ code }) => code)
}

t.test('shown by consent, in percentages, and taken back', async (t) => {
  const house = await House.open(t, { config: { grace_seconds: 0 } })
  const { client } = house
  const clientKey = await newSigningKey()
  const { access, receipt } = await client.register({
    clientId: 'trader-secret-name',
    exchange: 'mock',
    credentials: {},
    clientKey,
    insecureSimulated: true,
  })
  const account = receipt.account!
  await tradeHours(t, house, access, clientKey, [5, 4, 3])
  const ask = (path: string, method = 'GET') => fetch(`${house.daemon.urls.enclave}${path}`, { method })
  const paths = ['', '.json', '/badge.svg', '/og.png'].map((end) => `/record/${account}${end}`)

  const before = await Promise.all(paths.map(async (path) => (await ask(path)).text()))
  const unknown = await Promise.all(
    paths.map(async (path) => (await ask(path.replace(account, 'B'.repeat(42) + 'A'))).text()),
  )
  t.strictSame(before, unknown, 'one that is not shown is like one that is not there')
  t.match(before[0], 'RECORD_UNKNOWN')
  await t.rejects(client.unpublish(access.sessionId, clientKey), { code: 'NOT_PUBLISHED' })
  await t.rejects(client.publish(access.sessionId, null), { code: 'CHALLENGE_REQUIRED' })
  await t.rejects(client.publish(access.sessionId, await newSigningKey()), { code: 'CHALLENGE_REFUSED' })
  await t.rejects(client.publish(access.viewId, clientKey), { code: 'SESSION_UNKNOWN' })

  const shown = await client.publish(access.sessionId, clientKey)
  t.strictSame(shown, { account, published: true, amounts: false, path: `/record/${account}` })
  const record = await client.publicRecord(account)
  t.equal(record.schema, publicRecordSchema)
  t.equal(record.statements.length, 4)
  t.strictSame(await codesOf(record), [])
  const own = await client.record(access)
  t.ok(
    own.statements.every(({ edition_signature }) => edition_signature !== undefined),
    'every statement has its edition',
  )
  t.strictSame(await codesOf(own), [])

  const text = JSON.stringify(record)
  for (const { statement, salt } of own.statements) {
    for (const secret of [salt, statement.signature, statement.client_id]) {
      t.notOk(text.includes(secret), 'no salt, signature or client id')
    }
  }
  t.notMatch(text, /volume|fees|trades|net_usd|BTC|client_id|totals/)

  const page = await ask(paths[0]!)
  const html = await page.text()
  t.match(page.headers.get('content-type'), /^text\/html/)
  t.match(
    page.headers.get('content-security-policy'),
    /^default-src 'none'; script-src 'sha256-.*frame-ancestors 'none'$/,
  )
  t.match(html, `<meta property="og:image" content="http://127.0.0.1`)
  t.match(html, /og:title" content="SIMULATED: track record/)
  const badge = await ask(paths[2]!)
  t.match(badge.headers.get('cache-control'), /max-age=300, must-revalidate/)
  t.match(await badge.text(), /SIMULATED/)
  const picture = Buffer.from(await (await ask(paths[3]!)).arrayBuffer())
  t.equal(picture.subarray(1, 4).toString(), 'PNG')
  t.equal(picture.readUInt32BE(16), 1200)
  t.equal((await ask(paths[0]!, 'HEAD')).status, 200)
  t.equal((await ask(`${paths[1]}?after=1&size=999999`)).status, 400)

  await client.publish(access.sessionId, clientKey, true)
  const full = await client.publicRecord(account)
  t.match(JSON.stringify(full), /"volume_quote"/, 'with amounts, where its owner says so')
  t.strictSame(await codesOf(full), [])
  await client.publish(access.sessionId, clientKey)

  const withdrawn = await client.unpublish(access.sessionId, clientKey)
  t.match(withdrawn, { account, published: false, withdrawn_at: /^20/ })
  await tradeHours(t, house, access, clientKey, [2])
  const after = await client.publicRecord(account)
  t.equal(after.statements.length, 4, 'what came after is not shown')
  t.strictSame(await codesOf(after), [])
  t.equal((await client.record(access)).statements.length, 5, 'its owner has all of it')
  t.match(await (await ask(paths[0]!)).text(), new RegExp(`"withdrawn_at":"${withdrawn.withdrawn_at}"`))
  t.match(await (await ask(paths[2]!)).text(), /withdrawn 20/)
  t.equal((await client.unpublish(access.sessionId, clientKey)).withdrawn_at, withdrawn.withdrawn_at)

  await client.publish(access.sessionId, clientKey)
  t.equal((await client.publicRecord(account)).statements.length, 5, 'and shown again without a hole')
})

t.test('no field of a public record can be changed unseen', async (t) => {
  const house = await House.open(t, { config: { grace_seconds: 0 } })
  const { client } = house
  const clientKey = await newSigningKey()
  const { access, receipt } = await client.register({
    clientId: 'trader-1',
    exchange: 'mock',
    credentials: {},
    clientKey,
    insecureSimulated: true,
  })
  await tradeHours(t, house, access, clientKey, [5, 4])
  await client.publish(access.sessionId, clientKey)
  const address = `${house.daemon.urls.enclave}/record/${receipt.account}.json`
  const page = (await (await fetch(address)).json()) as Record<string, any>
  t.ok(parseEitherRecordPage(page))
  const record = (await client.publicRecord(receipt.account!)) as PublicRecord
  t.strictSame(await codesOf(record), [])
  const unseen: string[] = []
  let count = 0
  for (const [index, { edition }] of record.statements.entries()) {
    for (const path of leaves(edition)) {
      const copy = structuredClone(record) as any
      change(copy.statements[index].edition, path)
      count += 1
      const codes = await seen(copy)
      if (codes.length === 0) unseen.push(path.join('.'))
    }
  }
  t.strictSame(unseen, [])
  t.ok(count > 60, `${count} fields of editions changed, each seen`)
})

async function seen(copy: unknown): Promise<readonly string[]> {
  try {
    return await codesOf(parsePublicRecord(copy))
  } catch (error) {
    return [String(Reflect.get(error as object, 'code'))]
  }
}

type Path = readonly string[]

function* leaves(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return yield path
  for (const [name, member] of Object.entries(value)) yield* leaves(member, [...path, name])
}

function change(root: any, path: Path): void {
  let parent = root
  for (const name of path.slice(0, -1)) parent = parent[name]
  const name = path.at(-1)!
  const value: unknown = parent[name]
  if (typeof value === 'number') parent[name] = value + 1
  else if (typeof value === 'string') parent[name] = `${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`
  else parent[name] = value === null ? 1 : typeof value === 'boolean' ? !value : ['x']
}
