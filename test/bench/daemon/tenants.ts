import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { dayMs, utf8 } from '@perf-agg/sdk'
import { defaultRules } from '../../../src/accounting/rules.ts'
import { Chain } from '../../../src/daemon/chain/chain.ts'
import { writeSettings } from '../../../src/daemon/configuration/session-settings.ts'
import { loadDataKey } from '../../../src/store/data-key.ts'
import { openStore } from '../../../src/store/open.ts'
import type { AccountRow, SessionRow } from '../../../src/store/store.ts'
import { createVault } from '../../../src/store/vault.ts'
import { configDigest, issuer, testSigner } from '../../statement/fixture.ts'
import { account as accountOf, session as sessionOf } from '../../store/fixture.ts'

/**
 * A state folder as a daemon leaves it that has watched so many accounts of one exchange: each with its session, its
 * sealed credentials, the beginning of its chain, and its ledger.
 */
export async function fillState(
  folder: string,
  options: {
    readonly count: number
    readonly exchange: string
    /** In turn. */
    readonly credentials: readonly object[]
    readonly nowMs: number
    readonly ledger: Uint8Array
  },
): Promise<void> {
  const { count, exchange, credentials, nowMs, ledger } = options
  const stateDir = join(folder, 'state')
  const key = await loadDataKey(join(folder, 'data.key'), { stateDir, create: true })
  const vault = createVault(key)
  const clock = { nowMs: () => nowMs, uptimeMs: () => 0, frozen: true }
  const store = await openStore(stateDir, { vault, clock })
  const signer = testSigner(1)
  const chain = new Chain({
    store,
    clock,
    issuer: issuer({ signer }),
    signer,
    key: {
      keyId: signer.keyId,
      jwk: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(signer.publicKey).toString('base64url') },
    },
    handover: null,
    conflict: () => null,
    rules: defaultRules,
    written: () => {},
  })
  await store.commit((tx) => tx.addConfig({ digest: configDigest, config: '{}', firstSeenMs: nowMs }))
  const settings = writeSettings(
    { accountType: 'spot', apiInterval: 60_000, maxRetries: 3, sandbox: false },
    ['spot'],
  )
  const place = { exchange, environment: 'simulated' }
  const one = async (index: number): Promise<void> => {
    const pseudonym = store.pseudonym({ ...place, accountId: String(index) })
    const idHash = createHash('sha256').update(pseudonym).digest('hex')
    const account = accountOf(pseudonym, { ...place, firstRegisteredAtMs: nowMs, firstObservedAtMs: nowMs })
    const session = sessionOf(idHash, {
      ...place,
      account: pseudonym,
      clientId: `client-${index}`,
      label: 'main',
      settings,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + 30 * dayMs,
      credentials: utf8(JSON.stringify(credentials[index % credentials.length])),
    })
    const row: AccountRow = { ...account, head: { sequence: 0, digest: null } }
    const live: SessionRow = { ...session, endedAtMs: null, endReason: null }
    const begun = [{ type: 'registered', atMs: nowMs }] as const
    await chain.write(
      row,
      live,
      'twr',
      begun,
      (tx) => {
        tx.insertSession(session)
        tx.saveProgress(pseudonym, { state: ledger })
      },
      { first: (tx) => tx.insertAccount(account) },
    )
  }
  for (let index = 0; index < count; index += 500) {
    await Promise.all(Array.from({ length: Math.min(500, count - index) }, (_, at) => one(index + at)))
  }
  await store.close()
  vault.close()
}
