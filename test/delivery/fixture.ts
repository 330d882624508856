import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createDelivery, type Delivery, type DeliveryOptions } from '../../src/delivery/delivery.ts'
import { deliveryOutbox } from '../../src/store/delivery-outbox.ts'
import type { Store } from '../../src/store/store.ts'
import { testSigner } from '../statement/fixture.ts'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A backend on loopback that keeps what it gets; what it answers is the test's. */
export async function backend(
  t: Test,
  answer: (request: Received, response: ServerResponse, count: number) => void = (_, response) =>
    response.end(),
): Promise<{ url: string; received: Received[]; close: () => Promise<void> }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void collect(request).then((body) => {
      const whole = { path: request.url ?? '', headers: request.headers, body }
      received.push(whole)
      answer(whole, response, received.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  t.teardown(close)
  return { url, received, close }
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export const webhookKey = testSigner(9)

export function delivery(store: Store, backendUrl: string, change: Partial<DeliveryOptions> = {}): Delivery {
  return createDelivery({
    outbox: deliveryOutbox(store),
    backendUrl,
    signer: webhookKey,
    clock: { nowMs: () => Date.now() },
    userAgent: 'perf-agg/test',
    random: () => 0,
    ...change,
  })
}
