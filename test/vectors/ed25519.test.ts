import t from 'tap'
import { fromHex, importSigningKey, toBase64url, verifySignature } from '../../sdk/index.ts'
import { referenceText, unlessThere } from './reference.ts'

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly comment: string
      readonly msg: string
      readonly sig: string
      readonly result: 'valid' | 'invalid'
    }[]
  }[]
}

t.test(
  'wycheproof: every valid signature holds and every invalid one does not',
  { skip: unlessThere('wycheproof') },
  async (t) => {
    const vectors = JSON.parse(referenceText('wycheproof/ed25519_test.json')) as Wycheproof
    const counts = { valid: 0, invalid: 0 }
    for (const { publicKey, tests } of vectors.testGroups) {
      for (const { tcId, comment, msg, sig, result } of tests) {
        const holds = await verifySignature(fromHex(publicKey.pk), fromHex(msg), fromHex(sig))
        if (holds !== (result === 'valid')) t.fail(`case ${tcId}: ${comment}`)
        counts[result] += 1
      }
    }
    t.same(counts, { valid: 88, invalid: 63 })
  },
)

t.test('RFC 8032 and its first 512 lines of DJB', { skip: unlessThere('ed25519') }, async (t) => {
  const lines = referenceText('ed25519/sign-input.txt').trim().split('\n')
  let held = 0
  for (const [index, line] of lines.entries()) {
    const [secret, pk, msg, signed] = line.split(':') as [string, string, string, string]
    const key = fromHex(pk)
    const message = fromHex(msg)
    const signature = fromHex(signed).slice(0, 64)
    const signer = await importSigningKey({
      kty: 'OKP',
      crv: 'Ed25519',
      x: toBase64url(key),
      d: toBase64url(fromHex(secret.slice(0, 64))),
    })
    const same = t.equal
    if (toBase64url(await signer.sign(message)) !== toBase64url(signature)) same(index, -1, 'signs otherwise')
    if (!(await verifySignature(key, message, signature))) t.fail(`line ${index + 1} does not hold`)
    const bit = index % 512
    const altered = Uint8Array.from(signature, (byte, at) =>
      at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
    )
    if (await verifySignature(key, message, altered)) t.fail(`line ${index + 1} holds with a bit changed`)
    const longer = new Uint8Array([...message, 0])
    if (await verifySignature(key, longer, signature)) t.fail(`line ${index + 1} holds for another message`)
    held += 1
  }
  t.equal(held, 512)
})
