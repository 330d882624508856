import { evidenceTypes, toBase64url } from '@perf-agg/sdk'
import type { Attestation, Attester } from '../attester.ts'
import { attestationFailed } from './failure.ts'
import type { NsmDevice } from './nsm-device.ts'
import { attestationDocument, attestationRequest } from './nsm-message.ts'
import { Turns } from './turns.ts'

/** Evidence of a Nitro enclave: the security module's document, which carries its whole chain and needs nothing else. */
export function nitroAttester(device: NsmDevice): Attester {
  const turns = new Turns()
  return {
    tee: 'nitro',
    keys: null,
    attest: (reportData) =>
      turns.take(async (): Promise<Attestation> => {
        const document = attestationDocument(await device.request(attestationRequest(reportData)))
        if (!Buffer.from(document).includes(reportData)) {
          throw attestationFailed('the security module made a document of something else')
        }
        return { evidence: { type: evidenceTypes.nitro, value: toBase64url(document) }, endorsements: {} }
      }),
  }
}
