import { attestationFailed } from './failure.ts'
import { openNativeDevice } from './native-call.ts'

/** The Nitro security module at its protocol's level: CBOR in, CBOR out. */
export interface NsmDevice {
  /** @throws PerfAggError ATTESTATION_FAILED */
  request(cbor: Uint8Array): Promise<Uint8Array>
  close(): void
}

export const nsmPath = '/dev/nsm'

/** Bounds of the driver (include/uapi/linux/nsm.h). */
export const nsmRequestBytesMax = 0x1000
export const nsmResponseBytesMax = 0x3000

/** _IOWR(0x0A, 0, struct nsm_raw), which is two pairs of address and length, 32 bytes. */
const nsmIoctlRaw = 0xc020_0a00

/** Opens the device of this machine. @throws PerfAggError NATIVE_LIBRARY_MISSING, DEVICE_UNREADABLE */
export async function openNsmDevice(library?: string, path = nsmPath): Promise<NsmDevice> {
  const device = await openNativeDevice({
    path,
    name: 'Nitro security module',
    request: nsmIoctlRaw,
    message(koffi) {
      const vector = koffi.struct({ addr: 'void *', len: 'uint64_t' })
      return koffi.struct({ request: vector, response: vector })
    },
    ...(library === undefined ? {} : { library }),
  })
  return {
    async request(cbor) {
      if (cbor.length > nsmRequestBytesMax)
        throw attestationFailed('the request to the security module is too long')
      const sent = Buffer.from(cbor)
      const received = Buffer.alloc(nsmResponseBytesMax)
      const message = {
        request: { addr: sent, len: sent.length },
        response: { addr: received, len: received.length },
      }
      device.call(message)
      const { len } = message.response
      if (!(len > 0 && len <= received.length))
        throw attestationFailed('the security module answered nothing')
      return new Uint8Array(received.subarray(0, Number(len)))
    },
    close: () => device.close(),
  }
}
