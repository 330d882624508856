import { PerfAggError } from '@perf-agg/sdk'
import { createDelivery, type Delivery } from '../delivery/delivery.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { Log } from '../http/log.ts'
import { minimalBody } from '../statement/minimal.ts'
import { deliveryOutbox } from '../store/delivery-outbox.ts'
import type { Store } from '../store/store.ts'
import type { BackendMemory } from './chain/backend-memory.ts'
import type { Clock } from './clock.ts'
import type { Configuration } from './configuration/config.ts'

/** Null: without a backend statements wait in the outbox. */
export function newDelivery(
  configuration: Configuration,
  store: Store,
  { enclave, memory }: { enclave: Enclave; memory: BackendMemory },
  clock: Clock,
  log: Log,
  version: string,
): Delivery | null {
  if (configuration.backendUrl === null) return null
  const signer = enclave.mountedSigner ?? enclave.signer
  return createDelivery({
    backendUrl: configuration.backendUrl,
    signer: enclave.webhookSigner,
    clock,
    userAgent: `perf-agg/${version}`,
    ...(configuration.ingest.profile === 'minimal' ? { render: (body) => minimalBody(body, signer) } : {}),
    onFault: (error) => {
      log.error('delivery-failed', { code: error instanceof PerfAggError ? error.code : 'INTERNAL' })
    },
    outbox: deliveryOutbox(store),
    memory,
  })
}
