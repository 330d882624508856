import { canonicalBytes, parseJson, parseStatement, toBase64 } from '@perf-agg/sdk'
import type { Signer } from './signer.ts'

/**
 * The contract's fields of a stored statement and nothing else, signed anew, for backends that refuse more. Only
 * periods of live accounts have such a form: the others would be taken for what they are not, so they get `null`.
 */
export async function minimalBody(stored: Uint8Array, signer: Signer): Promise<Uint8Array | null> {
  const { signature: _, metadata, ...contract } = parseStatement(parseJson(stored))
  if (metadata.type !== 'period' || metadata.source.environment !== 'live') return null
  const signature = toBase64(await signer.sign(canonicalBytes(contract)))
  return canonicalBytes({ ...contract, signature })
}
