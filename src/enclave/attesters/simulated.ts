import {
  canonicalBytes,
  simulatedEvidenceType,
  simulatedSignedBytes,
  toBase64url,
  toHex,
} from '@perf-agg/sdk'
import type { Attester } from '../attester.ts'
import { newSigner } from '../signer.ts'

/**
 * The stand-in for hardware: evidence signed by a throwaway key, in the same frame as any other, so that all around
 * it is tried as it will run. It proves nothing, and every client refuses it unless told the same.
 */
export function simulatedAttester(): Attester {
  const signer = newSigner()
  return {
    tee: 'simulated',
    keys: null,
    async attest(reportData) {
      const value = canonicalBytes({
        report_data: toHex(reportData),
        key: toBase64url(signer.publicKey),
        signature: toBase64url(await signer.sign(simulatedSignedBytes(reportData))),
      })
      return { evidence: { type: simulatedEvidenceType, value: toBase64url(value) }, endorsements: {} }
    },
  }
}
