import { randomBytes } from 'node:crypto'
import { PerfAggError } from '@perf-agg/sdk'
import type { PlatformKeys } from '../attester.ts'
import { attestationFailed } from './failure.ts'
import type { SevGuestDevice } from './sev-guest-device.ts'

/** Places in a report: the privilege level it is of, and the firmware levels that can no longer be undercut. */
const vmplAt = 0x30
const committedTcbAt = 0x1e0

const versionForm = /^([0-9a-f]{16})-([0-3])$/

/**
 * Keys that AMD's firmware derives from the chip's secret, the measurement, the policy and firmware levels. Their
 * version names the levels, so that a key outlives an update of the firmware: the older levels may still be asked
 * for. Nobody else gets them, and nothing brings them to another chip.
 * @param report makes an attestation report over 64 bytes
 */
export function snpKeys(
  openDevice: () => Promise<SevGuestDevice>,
  report: (reportData: Uint8Array) => Promise<Uint8Array>,
): PlatformKeys {
  return {
    platform: 'sev-snp',
    async newestVersion() {
      const bytes = Buffer.from(await report(randomBytes(64)))
      if (bytes.length < committedTcbAt + 8) throw attestationFailed('the platform made no report')
      const tcb = bytes.subarray(committedTcbAt, committedTcbAt + 8).toString('hex')
      return `${tcb}-${bytes.readUInt32LE(vmplAt)}`
    },
    async derive(version) {
      const match = versionForm.exec(version)
      if (match === null) {
        throw new PerfAggError('KEY_VERSION_UNKNOWN', 'this platform derives no key of that version')
      }
      const device = await openDevice()
      try {
        return device.deriveKey({ tcb: Buffer.from(match[1]!, 'hex'), vmpl: Number(match[2]) })
      } finally {
        device.close()
      }
    },
  }
}
