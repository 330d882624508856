import {
  judgeAgainstLog,
  newSigningKey,
  parseClaims,
  claimsBytesOf,
  hourMs,
  parseVkey,
  parseRecord,
  type TrackRecord,
} from '@perf-agg/sdk'
import t from 'tap'
import { readLog } from '../log/fixture.ts'
import { SmallWitness } from '../log/small-witness.ts'
import { House } from './house.ts'
import { enroll, judge, policyOf, trade, wrong } from './recorded.ts'

const placeOf = ({ daemon, clock }: House) => ({ ws: daemon.urls.ws, nowMs: () => clock.nowMs() })

t.test('a record from the first trade to its verification, over a restart', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const config = { grace_seconds: 0, witnesses: [witness.entry] }
  const house = await House.open(t, { config })
  const clientKey = await newSigningKey()
  const access = await enroll(house.client, clientKey)
  const other = await enroll(house.client, await newSigningKey(), 'trader-2')
  await trade(t, placeOf(house), access, clientKey, [5, 4, 3])

  const fetchOf = (of: House) => async (path: string) => {
    const response = await fetch(`${of.daemon.urls.enclave}/log/${path}`)
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null
  }
  const record = await house.client.record(access)
  t.same(
    record.statements.map(({ statement }) => statement.metadata.type),
    ['registered', 'period', 'period', 'period'],
  )
  const policy = policyOf(witness)
  const judged = await judge(record, policy)
  t.same(wrong(judged.steps), [])
  t.equal(judged.witnessedAtS, witness.lastS)
  t.match(
    judged.figures,
    { statements: 4, hours: 0, backfilled: 3, returnPct: null },
    'hours of before the registration are in no figure',
  )
  t.match(judged.steps.at(-1), {
    name: 'complete',
    detail: `complete up to ${judged.figures!.until}, nothing known after`,
  })
  t.ok(
    wrong((await judge(record, null)).steps).includes('NO_WITNESS'),
    'without a policy no witness is trusted',
  )
  t.match(record.statements[1]!.statement.metadata, { log: { origin: /^perf-agg\// } })

  const claims = parseClaims(claimsBytesOf(await house.client.quote()))
  const logKey = await parseVkey(claims.log!.vkey)
  const published = await readLog(fetchOf(house), logKey)
  t.ok(published.size >= 8, `${published.size} leaves`)
  t.match((await judgeAgainstLog(record, published.entries))[0], { status: 'affirming' })

  const cut = { ...record, statements: record.statements.slice(0, 3) }
  t.same(wrong((await judge(cut, policy)).steps), [], 'a record that is cut off is sound by itself')
  t.match((await judgeAgainstLog(cut, published.entries))[0], { code: 'RECORD_TRUNCATED' })
  const stale = policyOf(witness, { max_age_h: 1 })
  t.ok(wrong((await judge(record, stale, Date.now() + 2 * hourMs)).steps).includes('RECORD_STALE'))
  const forked = [...published.entries, published.entries[record.statements[2]!.leaf]!]
  t.match((await judgeAgainstLog(record, forked))[0], { code: 'RECORD_FORKED' })
  t.match((await judgeAgainstLog(record, published.entries.slice(0, -1)))[0], { code: 'LOG_ROLLED_BACK' })
  t.match((await judgeAgainstLog(record, published.entries.toReversed()))[0], { code: 'LOG_FORKED' })

  const headers = await fetch(`${house.daemon.urls.enclave}/log/tile/0/000.p/1`)
  t.match(headers.headers.get('cache-control'), /immutable/)
  for (const path of ['tile/0/000.p/1?x=1', 'tile%2F0/000.p/1', 'tile/0/0', 'x'])
    t.equal((await fetch(`${house.daemon.urls.enclave}/log/${path}`)).status, 404, path)
  const refused = await fetch(`${house.daemon.urls.enclave}/enclave/record/${'a'.repeat(43)}`)
  t.equal(refused.status, 404)
  t.equal(
    (await fetch(`${house.daemon.urls.enclave}/enclave/record/${access.viewId}`)).status,
    404,
    'a view id opens none',
  )
  t.equal((await house.client.record(other)).statements.length, 1)

  await house.daemon.stop()
  const again = await House.open(t, { folder: house.folder, config })
  const renewed = await enroll(again.client, clientKey)
  await trade(t, placeOf(again), renewed, clientKey, [2, 2])
  const longer = await again.client.record(renewed)
  const types = longer.statements.map(({ statement }) => statement.metadata.type)
  t.ok(types.includes('key_start') && types.includes('correction'), types.join(' '))
  t.equal(longer.evidence.length, 2, 'of either start')
  const whole = await judge(longer, policy)
  t.same(wrong(whole.steps), ['CONTINUITY_BROKEN'], 'a simulated enclave is no trusted evidence of a new key')
  t.equal(witness.answers.filter((status) => status >= 400 && status !== 409).length, 0)

  const silent = {
    ...longer,
    statements: longer.statements.filter(({ statement }) => statement.metadata.type !== 'key_start'),
  }
  const codes = wrong((await judge(silent, policy)).steps)
  t.ok(codes.includes('KEY_CHANGED') && codes.includes('CHAIN_BROKEN'), codes.join(' '))
})

t.test('a state that was put back does not start where a witness remembers more', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  const config = { grace_seconds: 0, witnesses: [witness.entry] }
  const house = await House.open(t, { config })
  await house.daemon.stop()
  for (const known of witness.seen.values()) known.size += 1
  await t.rejects(House.open(t, { folder: house.folder, config }), { code: 'LOG_ROLLED_BACK' })
})

t.test('no field of a record can be changed unseen', async (t) => {
  const witness = await SmallWitness.start(t, () => [])
  witness.trusting = true
  witness.live = true
  const house = await House.open(t, { config: { grace_seconds: 0, witnesses: [witness.entry] } })
  const clientKey = await newSigningKey()
  const access = await enroll(house.client, clientKey)
  await trade(t, placeOf(house), access, clientKey, [5, 4])
  const record = await house.client.record(access)
  const policy = policyOf(witness)
  const before = await judge(record, policy)
  t.same(wrong(before.steps), [])
  const text = JSON.stringify(record)
  let count = 0
  const unseen: string[] = []
  const broken: Record<string, number> = {}
  for (const path of paths(record)) {
    const copy = JSON.parse(text) as TrackRecord
    if (!flip(copy, path)) continue
    count += 1
    let codes: readonly string[]
    try {
      codes = wrong((await judge(parseRecord(copy), policy)).steps)
    } catch (error) {
      codes = [String(Reflect.get(error as object, 'code'))]
    }
    if (codes.length === 0) unseen.push(path.join('.'))
    for (const code of codes) broken[code] = (broken[code] ?? 0) + 1
  }
  t.same(unseen, [])
  t.ok(count > 200, `${count} fields changed, each seen: ${JSON.stringify(broken)}`)
})

type Path = readonly (string | number)[]

function* paths(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) {
    yield path
    return
  }
  if (Object.keys(value).length === 0) yield path
  for (const [name, member] of Object.entries(value)) yield* paths(member, [...path, name])
}

/** Another value of the same kind, as small a change as there is. */
function flip(root: object, path: Path): boolean {
  let parent = root as Record<string | number, unknown>
  for (const name of path.slice(0, -1)) parent = parent[name] as Record<string | number, unknown>
  const name = path.at(-1)!
  const value = parent[name]
  parent[name] =
    typeof value === 'string'
      ? value === ''
        ? 'x'
        : flipText(value)
      : typeof value === 'number'
        ? value + 1
        : typeof value === 'boolean'
          ? !value
          : value === null
            ? 1
            : Array.isArray(value)
              ? ['x']
              : { x: 1 }
  return true
}

function flipText(text: string): string {
  const at = Math.floor(text.length / 2)
  const other = text[at] === 'A' ? 'B' : /\d/.test(text[at]!) ? String((Number(text[at]) + 1) % 10) : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}
