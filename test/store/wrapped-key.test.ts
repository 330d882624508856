import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type KeyWrapper, loadWrappedKey } from '../../src/store/wrapped-key.ts'
import { folder } from './fixture.ts'

/** A platform that derives a key for each of its versions, and none for others. */
function platform(
  keys: Readonly<Record<string, number>>,
  name = 'sev-snp',
): KeyWrapper & { asked: string[] } {
  const asked: string[] = []
  return {
    platform: name,
    asked,
    newestVersion: async () => Object.keys(keys).at(-1)!,
    async derive(version) {
      asked.push(version)
      const byte = keys[version]
      if (byte === undefined) throw new Error('no such version')
      return new Uint8Array(32).fill(byte)
    },
  }
}

const path = (stateDir: string): string => join(stateDir, 'data-key.json')
const shown = (stateDir: string): string => readFileSync(path(stateDir), 'utf8')

t.test('a data key is made with the folder, and comes back', async (t) => {
  const stateDir = join(folder(t), 'state')
  const made = await loadWrappedKey(stateDir, platform({ a: 1 }))
  t.equal(made.length, 32)
  t.equal(statSync(path(stateDir)).mode & 0o777, 0o600)
  t.equal(statSync(stateDir).mode & 0o777, 0o700)
  t.strictSame(readdirSync(stateDir), ['data-key.json'], 'nothing else is left')
  t.strictSame(Buffer.from(await loadWrappedKey(stateDir, platform({ a: 1 }))), Buffer.from(made))
  const file = shown(stateDir)
  t.match(JSON.parse(file), { platform: 'sev-snp', key_version: 'a' })
  for (const secret of [made, new Uint8Array(32).fill(1)]) {
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      t.notOk(file.includes(Buffer.from(secret).toString(form)), `not in clear as ${form}`)
    }
  }
  const other = join(folder(t), 'state')
  t.notSame(Buffer.from(await loadWrappedKey(other, platform({ a: 1 }))), Buffer.from(made), 'each its own')
})

t.test('a newer version of the platform’s key takes over, while the older one is still given', async (t) => {
  const stateDir = folder(t)
  const made = await loadWrappedKey(stateDir, platform({ a: 1 }))
  const updated = platform({ a: 1, b: 2 })
  t.strictSame(Buffer.from(await loadWrappedKey(stateDir, updated)), Buffer.from(made))
  t.strictSame(updated.asked, ['a', 'b'])
  t.match(JSON.parse(shown(stateDir)), { key_version: 'b' })
  t.strictSame(
    Buffer.from(await loadWrappedKey(stateDir, platform({ b: 2 }))),
    Buffer.from(made),
    'and is enough from then on',
  )
  await t.rejects(loadWrappedKey(stateDir, platform({ a: 1 })), { code: 'DATA_KEY_LOST' }, 'older firmware')
  const down = { ...platform({ b: 2 }), derive: async () => Promise.reject(new Error('busy')) }
  await t.rejects(
    loadWrappedKey(stateDir, down),
    { message: 'busy' },
    'a platform that is away loses nothing',
  )
})

t.test('a key that is lost is called so, with the way back', async (t) => {
  const stateDir = folder(t)
  await loadWrappedKey(stateDir, platform({ a: 1 }))
  const before = shown(stateDir)
  const lost = { code: 'DATA_KEY_LOST', hint: /--state.*register again.*pseudonym epoch/ }
  await t.rejects(loadWrappedKey(stateDir, platform({ a: 2 })), lost, 'another chip or image')
  await t.rejects(loadWrappedKey(stateDir, platform({ a: 1 }, 'dstack')), lost, 'another kind of platform')
  t.equal(shown(stateDir), before, 'nothing was changed')
})

t.test('a state without its wrapped key gets no new one', async (t) => {
  const stateDir = folder(t)
  writeFileSync(join(stateDir, 'state.db'), '')
  await t.rejects(loadWrappedKey(stateDir, platform({ a: 1 })), {
    code: 'DATA_KEY_MISSING',
    hint: /--data-key/,
  })
  t.notOk(existsSync(path(stateDir)))
})

t.test('what was changed in it does not open', async (t) => {
  const stateDir = folder(t)
  await loadWrappedKey(stateDir, platform({ a: 1, b: 1 }))
  const good = shown(stateDir)
  for (const [bad, code] of [
    [good.replace('"b"', '"a"'), 'DATA_KEY_LOST'],
    [good.replace('sev-snp', 'sev-snq'), 'DATA_KEY_LOST'],
    [
      good.replace(/("sealed":".{40})(.)/, (_, start, one) => `${start}${one === 'A' ? 'B' : 'A'}`),
      'DATA_KEY_LOST',
    ],
    [good.replace(/"sealed":"[^"]*"/, '"sealed":""'), 'DATA_KEY_LOST'],
    [good.replace('v1', 'v2'), 'STATE_CORRUPT'],
    [good.replace('}', ',"more":1}'), 'STATE_CORRUPT'],
    ['', 'STATE_CORRUPT'],
    ['[]', 'STATE_CORRUPT'],
    ['x'.repeat(10_000), 'STATE_CORRUPT'],
  ] as const) {
    writeFileSync(path(stateDir), bad)
    await t.rejects(loadWrappedKey(stateDir, platform({ a: 1, b: 1 })), { code }, bad.slice(0, 60))
  }
})

t.test('two that start at once agree or one of them fails', async (t) => {
  const stateDir = folder(t)
  const starts = await Promise.allSettled([1, 2, 3].map(() => loadWrappedKey(stateDir, platform({ a: 1 }))))
  const made = starts.flatMap((start) => (start.status === 'fulfilled' ? [Buffer.from(start.value)] : []))
  const kept = Buffer.from(await loadWrappedKey(stateDir, platform({ a: 1 })))
  t.ok(made.length > 0)
  for (const key of made) t.strictSame(key, kept)
})
