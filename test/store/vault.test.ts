import { toHex, utf8 } from '@perf-agg/sdk'
import fc from 'fast-check'
import t from 'tap'
import { createVault, Xaes } from '../../src/store/vault.ts'

t.test('XAES-256-GCM: the vectors of c2sp.org/XAES-256-GCM', async (t) => {
  const nonce = utf8('ABCDEFGHIJKLMNOPQRSTUVWX')
  const text = utf8('XAES-256-GCM')
  // the first derives with a subkey mask whose top bit is set, the second with one whose is not
  const vectors = [
    { key: 1, aad: '', sealed: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271' },
    {
      key: 3,
      aad: 'c2sp.org/XAES-256-GCM',
      sealed: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
    },
  ]
  for (const vector of vectors) {
    const xaes = new Xaes(Buffer.alloc(32, vector.key))
    const sealed = xaes.seal(nonce, utf8(vector.aad), text)
    t.equal(toHex(sealed), vector.sealed)
    t.equal(xaes.open(nonce, utf8(vector.aad), sealed).toString(), 'XAES-256-GCM')
  }
})

t.test('what is sealed opens in its place and nowhere else', async (t) => {
  const vault = createVault(new Uint8Array(32).fill(1))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, place) => {
      const sealed = vault.seal('state', place, bytes)
      return (
        sealed.length === bytes.length + 41 && Buffer.from(vault.open('state', place, sealed)).equals(bytes)
      )
    }),
  )
  const sealed = vault.seal('credentials', 'sessions/credentials/a', utf8('secret'))
  t.throws(() => vault.open('credentials', 'sessions/credentials/b', sealed), { code: 'STATE_TAMPERED' })
  t.throws(() => vault.open('state', 'sessions/credentials/a', sealed), { code: 'STATE_TAMPERED' })
  const other = createVault(new Uint8Array(32).fill(2))
  t.throws(() => other.open('credentials', 'sessions/credentials/a', sealed), { code: 'STATE_TAMPERED' })
  t.not(vault.keyCheck, other.keyCheck)
  t.equal(vault.keyCheck, createVault(new Uint8Array(32).fill(1)).keyCheck)
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Uint8Array.from(sealed)
    changed[at]! ^= 1
    t.throws(() => vault.open('credentials', 'sessions/credentials/a', changed), { code: 'STATE_TAMPERED' })
    t.throws(() => vault.open('credentials', 'sessions/credentials/a', sealed.subarray(0, at)), {
      code: 'STATE_TAMPERED',
    })
  }
  t.notOk(
    Buffer.from(vault.seal('state', 'x', utf8('same'))).equals(vault.seal('state', 'x', utf8('same'))),
    'never twice alike',
  )
})

t.test('a closed vault gives nothing', async (t) => {
  const vault = createVault(new Uint8Array(32).fill(1))
  const sealed = vault.seal('state', 'x', utf8('y'))
  vault.close()
  t.throws(() => vault.open('state', 'x', sealed), { code: 'STATE_CLOSED' })
  t.throws(() => vault.seal('state', 'x', utf8('y')), { code: 'STATE_CLOSED' })
  t.throws(() => createVault(new Uint8Array(31)), { code: 'DATA_KEY_INVALID' })
})
