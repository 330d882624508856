import { ok } from 'node:assert/strict'
import sodium from 'libsodium-wrappers'
import { fromBase64url, sealBox } from '@perf-agg/sdk'
import { BoxKeys } from '../../src/enclave/box-keys.ts'
import { nativeBoxes } from '../../src/enclave/native-box.ts'
import { ratesBeside } from './rate.ts'
import type { Bench } from './row.ts'

/** A sealed box of credentials opened by the enclave, its traces wiped, against the library that opens it. */
export const boxes: Bench = {
  name: 'sealed boxes',
  run: async (quick) => {
    await sodium.ready
    const native = await nativeBoxes()
    const keys = await BoxKeys.make(0, native)
    const content = Buffer.alloc(400, 7)
    const sealed = await sealBox(fromBase64url(keys.jwk.x), content)
    const opened = await keys.open(sealed, 0)
    ok(opened !== null && content.equals(opened.plaintext), 'what was sealed comes out')
    const pair = sodium.crypto_box_keypair()
    const other = sodium.crypto_box_seal(content, pair.publicKey)
    const [own, bare] = await ratesBeside(
      [() => keys.open(sealed, 0), () => sodium.crypto_box_seal_open(other, pair.publicKey, pair.privateKey)],
      quick ? 5 : 2_000,
      quick ? 1 : 5,
    )
    keys.close()
    return [
      {
        name: 'sealed box opened and wiped',
        value: own! / 1e3,
        unit: 'k/s',
        limit: { name: native === null ? 'libsodium (WebAssembly)' : 'sodium-native', value: bare! / 1e3 },
        goal: '≥ 90 % of the library',
        reached: own! >= 0.9 * bare!,
      },
    ]
  },
}
