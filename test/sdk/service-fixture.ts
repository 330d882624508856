import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { newNonce } from '../../sdk/index.ts'
import type { FakeEnclave } from './enclave-fixture.ts'
import { sealedReply } from './enclave-fixture.ts'

/** The fake enclave on a port of loopback, for programs that are run as they are. */
export async function listening(enclave: FakeEnclave): Promise<{ url: string; close: () => void }> {
  let replyKey = new Uint8Array()
  const answer = async (path: string, nonce: string | null, body: string): Promise<object> => {
    if (path === '/attestation/quote') return enclave.quote(nonce, { nowMs: Date.now() })
    if (path.startsWith('/enclave/metrics/')) {
      return sealedReply(await enclave.view('perf-agg/metrics/v1', nonce!), replyKey)
    }
    if (path.startsWith('/enclave/summary/')) {
      const view = await enclave.view('perf-agg/summary/v1', nonce!)
      return path.endsWith('s'.repeat(43)) ? sealedReply(view, replyKey) : view
    }
    if (path === '/enclave/challenge')
      return { challenge: newNonce(), expires_at: '2026-11-23T01:25:00.000Z' }
    if (path === '/enclave/cleanup') return { removed: 1 }
    const submitted = await enclave.submit((JSON.parse(body) as { sealed: string }).sealed, Date.now())
    replyKey = Uint8Array.from(submitted.replyKey)
    return sealedReply(submitted.receipt, replyKey)
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x')
    void text(request)
      .then(async (body) => answer(url.pathname, url.searchParams.get('nonce'), body))
      .then((body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  }
}
