import t from 'tap'
import {
  fromBase64url,
  importSigningKey,
  newSigningKey,
  parseJwks,
  statementJwk,
  thumbprint,
  utf8,
  verifySignature,
} from '../../sdk/index.ts'

t.test('thumbprint of RFC 8037, appendix A.3', async (t) => {
  const x = fromBase64url('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo')
  t.equal(await thumbprint(x), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

t.test('a key that was kept signs as before', async (t) => {
  const key = await newSigningKey()
  const kept = JSON.parse(JSON.stringify(await key.toPrivateJwk())) as unknown
  const again = await importSigningKey(kept)
  t.same(again.publicKey, key.publicKey)
  t.ok(await verifySignature(key.publicKey, utf8('x'), await again.sign(utf8('x'))))
})

t.test('refuses what is no private key, without repeating it', async (t) => {
  const jwk = await (await newSigningKey()).toPrivateJwk()
  const other = await (await newSigningKey()).toPrivateJwk()
  await t.rejects(importSigningKey({ ...jwk, d: 'short' }), { code: 'INPUT_INVALID' })
  await t.rejects(importSigningKey({ ...jwk, kty: 'EC' }), { code: 'INPUT_INVALID' })
  await t.rejects(importSigningKey({ ...jwk, extra: 1 }), { code: 'INPUT_INVALID' })
  await t.rejects(importSigningKey(null), { code: 'INPUT_INVALID' })
  await t.rejects(
    importSigningKey({ ...jwk, x: other.x }),
    { code: 'KEY_INVALID' },
    'the public half of another key',
  )
  const error = await importSigningKey({ ...jwk, d: `${jwk.d}=` }).catch((thrown: Error) => thrown)
  t.notMatch(String((error as Error).message), jwk.d)
})

t.test('key sets', async (t) => {
  const key = await newSigningKey()
  const jwk = await statementJwk(key.publicKey)
  t.equal(jwk.kid, await thumbprint(key.publicKey))
  t.same(parseJwks(JSON.parse(JSON.stringify({ keys: [jwk] }))), { keys: [jwk] })
  t.throws(() => parseJwks({ keys: [{ ...jwk, d: 'x' }] }), { code: 'INPUT_INVALID' })
  t.throws(() => parseJwks({ keys: [{ ...jwk, x: 'x' }] }), { code: 'INPUT_INVALID' })
  t.throws(() => parseJwks({ keys: [{ ...jwk, crv: 'X25519' }] }), { code: 'INPUT_INVALID' })
})
