import sodium from 'libsodium-wrappers'
import t from 'tap'
import { fromBase64url, sealBox } from '@perf-agg/sdk'
import { BoxKeys } from '../../src/enclave/box-keys.ts'
import { nativeBoxes } from '../../src/enclave/native-box.ts'

/** Boxes are opened by the native library where there is one, and by the other where there is none: alike. */

await sodium.ready

/** What `sodium-native` looks like, over the library that is always there. */
const addOn = {
  default: {
    crypto_box_seal_open(
      content: Uint8Array,
      sealed: Uint8Array,
      publicKey: Uint8Array,
      secretKey: Uint8Array,
    ): boolean {
      try {
        content.set(sodium.crypto_box_seal_open(sealed, publicKey, secretKey))
        return true
      } catch {
        return false
      }
    },
  },
}

const installed = await nativeBoxes()
const made = await nativeBoxes(async () => addOn)

for (const [name, native, skip] of [
  ['an add-on of its shape', made, false],
  ['sodium-native', installed, installed === null ? 'sodium-native is not installed here' : false],
  ['WebAssembly', null, false],
] as const) {
  t.test(`opens what was sealed, and nothing else: ${name}`, { skip }, async (t) => {
    const keys = await BoxKeys.make(0, native)
    const content = Buffer.from('{"api_key":"K"}')
    const sealed = await sealBox(fromBase64url(keys.jwk.x), content)
    const opened = await keys.open(sealed, 0)
    t.same(Buffer.from(opened!.plaintext), content)
    t.equal(opened!.boxKey, keys.jwk.x)
    for (const wrong of [
      sealed.slice(1),
      sealed.slice(0, 47),
      new Uint8Array(),
      sealed.map((byte) => byte ^ 1),
    ]) {
      t.equal(await keys.open(wrong, 0), null)
    }
    const other = await BoxKeys.make(0, native)
    t.equal(await other.open(sealed, 0), null)
    keys.close()
    other.close()
  })
}

t.test('what is not there, or not what it should be, is not used', async (t) => {
  t.equal(await nativeBoxes(async () => Promise.reject(new Error('no such package'))), null)
  for (const module of [null, {}, { default: {} }, { default: { crypto_box_seal_open: 1 } }]) {
    t.equal(await nativeBoxes(async () => module), null)
  }
  t.ok((await nativeBoxes(async () => addOn.default)) !== null, 'as a CommonJS module')
})

t.test('a library that throws opens nothing', async (t) => {
  const throwing = {
    crypto_box_seal_open: () => {
      throw new Error('ciphertext must be longer')
    },
  }
  const native = await nativeBoxes(async () => throwing)
  t.equal(native!.open(new Uint8Array(32), new Uint8Array(32), new Uint8Array(60)), null)
})
