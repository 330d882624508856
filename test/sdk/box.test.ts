import fc from 'fast-check'
import sodium from 'libsodium-wrappers'
import t from 'tap'
import {
  boxOverheadBytes,
  concat,
  newBoxKeyPair,
  openBox,
  sealBox,
  utf8,
  wipeBoxMemory,
  wipeBytes,
} from '../../sdk/index.ts'

t.test('opens what was sealed to it', async (t) => {
  const pair = await newBoxKeyPair()
  for (const length of [0, 1, 1_000, 60_000]) {
    const plaintext = crypto.getRandomValues(new Uint8Array(length))
    const sealed = await sealBox(pair.publicKey, plaintext)
    t.equal(sealed.length, length + boxOverheadBytes)
    t.same(await openBox(pair.publicKey, pair.secretKey, sealed), plaintext)
  }
  await t.rejects(
    sealBox(new Uint8Array(32), utf8('x')),
    { code: 'BOX_KEY_INVALID' },
    'to no key of low order',
  )
  await t.rejects(sealBox(new Uint8Array(31), utf8('x')), { code: 'BOX_KEY_INVALID' })
})

t.test('fuzz: every box that does not open says the same', async (t) => {
  const pair = await newBoxKeyPair()
  const other = await newBoxKeyPair()
  const sealed = await sealBox(pair.publicKey, utf8('{"schema":"perf-agg/credentials/v1"}'))
  t.equal(await openBox(other.publicKey, other.secretKey, sealed), null, 'another key')
  t.equal(await openBox(other.publicKey, pair.secretKey, sealed), null, 'another public key')
  t.equal(await openBox(pair.publicKey, new Uint8Array(3), sealed), null, 'no key')
  for (let length = 0; length < sealed.length; length += 1) {
    if ((await openBox(pair.publicKey, pair.secretKey, sealed.slice(0, length))) !== null)
      t.fail(`opened at ${length}`)
  }
  t.equal(await openBox(pair.publicKey, pair.secretKey, concat(sealed, new Uint8Array(1))), null, 'trailing')
  const edit = fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }))
  await fc.assert(
    fc.asyncProperty(edit, async ([at, change]) => {
      const altered = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ change : byte))
      // The top bit of an X25519 key is ignored, but it is part of the nonce: it must not open either.
      return (await openBox(pair.publicKey, pair.secretKey, altered)) === null
    }),
    { numRuns: 3_000 },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      async (bytes) => (await openBox(pair.publicKey, pair.secretKey, bytes)) === null,
    ),
    { numRuns: 3_000 },
  )
})

t.test('wipes what opening leaves in the memory of the library', async (t) => {
  const memory = (sodium as unknown as { libsodium: { HEAPU8: Uint8Array } }).libsodium
  const found = (needle: Uint8Array): boolean => Buffer.from(memory.HEAPU8.buffer).includes(needle)
  for (const size of [40, 400, 4_000, 8_000, 60_000]) {
    const pair = await newBoxKeyPair()
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const plaintext = new Uint8Array(size).fill(0x61)
    plaintext.set(secret, size - 32)
    const sealed = await sealBox(pair.publicKey, plaintext)
    const opened = await openBox(pair.publicKey, pair.secretKey, sealed)
    t.ok(found(secret), `${size} bytes: there before`)
    t.ok(found(pair.secretKey), 'the key too')
    await wipeBoxMemory(sealed.length)
    t.notOk(found(secret), 'and gone after')
    t.notOk(found(pair.secretKey))
    wipeBytes(opened!, plaintext)
    t.ok(opened!.every((byte) => byte === 0))
  }
})
