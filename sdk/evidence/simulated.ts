import { concat, equalBytes, fromBase64url, fromHex, toHex, utf8 } from '../bytes.ts'
import { parseJson } from '../json.ts'
import { readObject, readString } from '../shape.ts'
import { verifySignature } from '../signature.ts'
import type { Step } from '../step.ts'
import { affirm, contraindicate } from '../step.ts'

/**
 * The evidence of no TEE: the same frame as any other, so that all around it is tried as it will run, signed by a
 * throwaway key that anybody can make. It proves that the frame is sound and nothing else.
 *
 * `evidence.type` is `application/vnd.perf-agg.simulated+json`, `evidence.value` base64url of the RFC 8785 bytes of
 *
 *     {"key":"<base64url Ed25519>","report_data":"<128 hex digits>","signature":"<base64url>"}
 *
 * with the signature by `key` over `"perf-agg/simulated/v1\0" || report_data` (the 64 bytes).
 */
export const simulatedEvidenceType = 'application/vnd.perf-agg.simulated+json'

/** What the throwaway key signs. */
export function simulatedSignedBytes(reportData: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(utf8('perf-agg/simulated/v1\0'), reportData)
}

/** Never throws: evidence that can't be read is a step that says so. */
export async function verifySimulated(
  evidence: Uint8Array,
  reportData: Uint8Array,
): Promise<readonly Step[]> {
  let key: Uint8Array
  let signature: Uint8Array
  let claimed: Uint8Array
  try {
    const members = readObject(parseJson(evidence, { bytesMax: 1_024, depthMax: 1 }), 'evidence', {
      required: ['key', 'report_data', 'signature'],
    })
    key = fromBase64url(readString(members.key, 'evidence.key'))
    signature = fromBase64url(readString(members.signature, 'evidence.signature'))
    claimed = fromHex(readString(members.report_data, 'evidence.report_data', { pattern: /^[0-9a-f]{128}$/ }))
  } catch {
    return [contraindicate('evidence', 'EVIDENCE_INVALID', 'the simulated evidence can not be read')]
  }
  return [
    equalBytes(claimed, reportData)
      ? affirm(
          'report-data',
          `the evidence is bound to the claims received (${toHex(reportData.slice(0, 8))}…)`,
        )
      : contraindicate('report-data', 'REPORT_DATA_MISMATCH', 'the evidence was made for other claims'),
    (await verifySignature(key, simulatedSignedBytes(claimed), signature))
      ? affirm('evidence', 'the simulated evidence is signed by its own throwaway key')
      : contraindicate('evidence', 'EVIDENCE_SIGNATURE_INVALID', 'the simulated evidence is not signed'),
  ]
}
