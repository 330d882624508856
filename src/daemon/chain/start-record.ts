import type { Enclave } from '../../enclave/enclave.ts'
import type { Store } from '../../store/store.ts'
import { type Configuration, publicConfiguration } from '../configuration/config.ts'

/** The keys and the configuration of this start, on record before anything is signed with them. */
export async function recordStart(
  store: Store,
  enclave: Enclave,
  configuration: Configuration,
  nowMs: number,
): Promise<void> {
  const signers = [enclave.signer, ...(enclave.mountedSigner === null ? [] : [enclave.mountedSigner])]
  const current = new Set(signers.map(({ keyId }) => keyId))
  const known = await store.statementKeys()
  await store.commit((tx) => {
    for (const { keyId, untilMs } of known) {
      if (untilMs === null && !current.has(keyId)) tx.endStatementKey(keyId, nowMs)
    }
    for (const { keyId, jwk } of signers) {
      if (known.some((key) => key.keyId === keyId && key.untilMs === null)) continue
      tx.addStatementKey({ keyId, jwk: JSON.stringify(jwk), fromMs: nowMs, untilMs: null })
    }
    tx.addConfig({
      digest: enclave.configDigest,
      config: JSON.stringify(publicConfiguration(configuration)),
      firstSeenMs: nowMs,
    })
  })
}
