import { concat, toBase64, utf8 } from '@perf-agg/sdk'

/** The key that signs delivery headers and nothing else. */
export interface WebhookSigner {
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** The headers of Standard Webhooks 1.0.0, asymmetric: `v1a` is Ed25519 over `id.timestamp.body`. */
export async function webhookHeaders(
  signer: WebhookSigner,
  message: { readonly id: string; readonly atMs: number; readonly body: Uint8Array },
): Promise<{ readonly [header: string]: string }> {
  // a full stop in the id would let one message pass for another
  if (!/^[A-Za-z0-9:_-]+$/.test(message.id)) throw new RangeError('a webhook id of other characters')
  const timestamp = String(Math.floor(message.atMs / 1_000))
  const signature = await signer.sign(concat(utf8(`${message.id}.${timestamp}.`), message.body))
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1a,${toBase64(signature)}`,
  }
}
