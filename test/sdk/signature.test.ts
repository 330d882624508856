import t from 'tap'
import { concat, fromHex, isAcceptedPoint, newSigningKey, utf8, verifySignature } from '../../sdk/index.ts'

const message = utf8('hello')
const basePoint = fromHex(`58${'66'.repeat(31)}`)
const one = fromHex(`01${'00'.repeat(31)}`)
const zero = new Uint8Array(32)

t.test('holds for what was signed, and for nothing else', async (t) => {
  const key = await newSigningKey()
  const signature = await key.sign(message)
  t.equal(await verifySignature(key.publicKey, message, signature), true)
  t.equal(await verifySignature(key.publicKey, utf8('hello!'), signature), false)
  t.equal(await verifySignature((await newSigningKey()).publicKey, message, signature), false)
  t.equal(await verifySignature(key.publicKey, message, signature.slice(0, 63)), false)
  t.equal(await verifySignature(key.publicKey, message, concat(signature, zero.slice(0, 1))), false)
  t.equal(await verifySignature(key.publicKey.slice(0, 31), message, signature), false)
  t.equal(await verifySignature(new Uint8Array(), message, new Uint8Array()), false)
})

t.test(
  'refuses a public key of small order, under which one signature holds for every message',
  async (t) => {
    // A = identity: S·B = R + h·A holds for S = 1, R = B whatever the message is.
    const forged = concat(basePoint, one)
    t.equal(await verifySignature(one, message, forged), false)
  },
)

t.test('refuses every small-order point as key and as R, in each encoding', async (t) => {
  const smallOrder = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    // the same in encodings that are not canonical
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map(fromHex)
  const key = await newSigningKey()
  for (const point of smallOrder) {
    for (const sign of [0, 0x80]) {
      const encoded = Uint8Array.from(point, (byte, index) => (index === 31 ? byte | sign : byte))
      // Said on its own too: some platforms refuse these themselves, others (OpenSSL 3.0) take them.
      t.equal(isAcceptedPoint(encoded), false)
      t.equal(await verifySignature(encoded, message, concat(basePoint, one)), false)
      t.equal(await verifySignature(encoded, message, concat(encoded, zero)), false)
      t.equal(await verifySignature(key.publicKey, message, concat(encoded, one)), false)
    }
  }
})

t.test('refuses encodings that are not canonical, of any point', async (t) => {
  t.equal(isAcceptedPoint(basePoint), true)
  t.equal(isAcceptedPoint(fromHex(`03${'00'.repeat(31)}`)), true)
  for (let low = 0xed; low <= 0xff; low += 1) {
    const encoded = fromHex(`${low.toString(16)}${'ff'.repeat(30)}7f`)
    t.equal(isAcceptedPoint(encoded), false, `y = p + ${low - 0xed}`)
  }
})

t.test('refuses S of L and more: the same signature in another form', async (t) => {
  const key = await newSigningKey()
  const signature = await key.sign(message)
  const order = BigInt('0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed')
  const s = BigInt(`0x${Buffer.from(signature.slice(32).toReversed()).toString('hex')}`) + order
  const grown = fromHex(s.toString(16).padStart(64, '0')).toReversed()
  t.equal(await verifySignature(key.publicKey, message, concat(signature.slice(0, 32), grown)), false)
})

t.test('all of it whatever the platform says: they differ', async (t) => {
  const key = await newSigningKey()
  const signature = await key.sign(message)
  const subtle = crypto.subtle
  const lenient = { importKey: subtle.importKey.bind(subtle), verify: async () => true }
  t.intercept(globalThis, 'crypto', { value: { subtle: lenient }, configurable: true })
  const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
  t.equal(await verifySignature(key.publicKey, message, signature), true, 'asked, and it says yes')
  t.equal(await verifySignature(key.publicKey, message, concat(basePoint, order)), false, 'S = L')
  t.equal(
    await verifySignature(
      key.publicKey,
      message,
      concat(
        basePoint,
        zero.map(() => 255),
      ),
    ),
    false,
  )
  const below = Uint8Array.from(order, (byte, index) => (index === 0 ? byte - 1 : byte))
  t.equal(await verifySignature(key.publicKey, message, concat(basePoint, below)), true, 'S = L - 1')
  t.equal(await verifySignature(one, message, concat(basePoint, one)), false, 'a key of small order')
  t.equal(await verifySignature(key.publicKey, message, concat(one, one)), false, 'R of small order')
})

t.test('a key that is no point at all is a signature that does not hold', async (t) => {
  t.equal(await verifySignature(fromHex(`02${'00'.repeat(31)}`), message, concat(basePoint, one)), false)
})
