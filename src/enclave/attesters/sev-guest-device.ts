import { attestationFailed } from './failure.ts'
import { openNativeDevice } from './native-call.ts'

/** The driver that asks AMD's firmware for keys. Evidence comes another way: see configfs-tsm. */
export interface SevGuestDevice {
  /** 32 bytes. @throws PerfAggError ATTESTATION_FAILED */
  deriveKey(request: DerivedKeyRequest): Uint8Array
  close(): void
}

export interface DerivedKeyRequest {
  /** Privilege level that the key is for: not above the one this runs at. */
  readonly vmpl: number
  /** Firmware levels that the key is for, 8 bytes as reports have them: not above those that were committed. */
  readonly tcb: Uint8Array
}

export const sevGuestPath = '/dev/sev-guest'

/** _IOWR('S', 1, struct snp_guest_request_ioctl) of 32 bytes (include/uapi/linux/sev-guest.h). */
const getDerivedKey = 0xc020_5301

/**
 * What is mixed into the key beside the chip's own secret (MSG_KEY_REQ, GUEST_FIELD_SELECT): guest policy, launch
 * measurement, firmware levels. Another image, another chip or older firmware gets another key.
 */
const mixed = (1 << 0) | (1 << 3) | (1 << 5)

/** Opens the device of this machine. @throws PerfAggError NATIVE_LIBRARY_MISSING, DEVICE_UNREADABLE */
export async function openSevGuestDevice(library?: string, path = sevGuestPath): Promise<SevGuestDevice> {
  const device = await openNativeDevice({
    path,
    name: 'SEV-SNP guest driver',
    request: getDerivedKey,
    message: (koffi) =>
      koffi.struct({
        msg_version: 'uint8_t',
        req_data: 'void *',
        resp_data: 'void *',
        exitinfo2: 'uint64_t',
      }),
    ...(library === undefined ? {} : { library }),
  })
  return {
    deriveKey({ vmpl, tcb }) {
      // struct snp_derived_key_req: key select, reserved, fields, VMPL, guest SVN, TCB
      const asked = Buffer.alloc(32)
      asked.writeUInt32LE(mixed, 8)
      asked.writeUInt32LE(vmpl, 16)
      asked.set(tcb, 24)
      // MSG_KEY_RSP: status, 28 bytes reserved, the key
      const answer = Buffer.alloc(64)
      try {
        device.call({ msg_version: 1, req_data: asked, resp_data: answer, exitinfo2: 0 })
        const key = new Uint8Array(answer.subarray(32, 64))
        if (answer.readUInt32LE(0) !== 0 || key.every((byte) => byte === 0)) {
          throw attestationFailed('the firmware derived no key')
        }
        return key
      } finally {
        answer.fill(0)
      }
    },
    close: () => device.close(),
  }
}
