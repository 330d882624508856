import { affirm, contraindicate, type Step } from '../step.ts'
import type { VerifiedDstack } from './dstack.ts'
import type { VerifiedNitro } from './nitro.ts'
import type { VerifiedSevSnp } from './sev-snp.ts'
import type { VerifiedTdx } from './tdx.ts'

/**
 * Does the evidence speak of the program, or only of the machine? On an ordinary confidential VM whoever is root gets
 * a report for any report data, and its launch measurement covers the firmware alone. Such evidence is genuine and
 * worth nothing; `WORKLOAD_UNBOUND` is a refusal.
 */
export type HardwareVerified = VerifiedSevSnp | VerifiedTdx | VerifiedDstack | VerifiedNitro

/** The names of the measurements that a policy holds the evidence to. */
export type Pinned = ReadonlySet<string>

const name = 'workload'

/** What must be pinned, by TEE, so that other code can't show the same values. */
const needed: Readonly<Record<HardwareVerified['tee'], readonly string[]>> = {
  'sev-snp': ['measurement'],
  tdx: ['mr_td', 'rtmr1', 'rtmr2'],
  nitro: ['pcr0', 'pcr1', 'pcr2'],
  // The event log is the OS image's own word: under another image the compose hash says nothing.
  'dstack-tdx': ['compose_hash', 'os_image_hash'],
}

/**
 * The step for evidence that was held to a policy. For SEV-SNP and TDX the author of the policy vouches that the
 * values pinned are of an image with direct or UKI boot, a measured command line, a dm-verity root and no login: the
 * evidence alone can't show that, only that the values are there.
 */
export function judgeWorkload(verified: HardwareVerified, pinned: Pinned): Step {
  const missing = needed[verified.tee].filter((each) => !pinned.has(each))
  if (missing.length > 0) {
    return unbound(
      `the policy does not pin ${missing.join(', ')}, so any program could have made this evidence`,
    )
  }
  return judgeMeasured(verified) ?? affirm(name, 'the evidence is of the very program that the policy pins')
}

/**
 * The step for evidence that nothing was pinned for yet, i.e. whether its values may be saved as a policy at all.
 * Only where the platform itself measures the whole program; elsewhere values have to come from a build.
 */
export function judgeUnpinnedWorkload(verified: HardwareVerified): Step {
  const refused = judgeMeasured(verified)
  if (refused !== null) return refused
  if (verified.tee === 'sev-snp' || verified.tee === 'tdx') {
    return unbound(
      'an ordinary confidential VM would show the same: compute the measurement from the image instead',
    )
  }
  return affirm(name, 'the platform measures the whole program')
}

/** What the evidence itself can show to be unbound, whatever is pinned. */
function judgeMeasured(verified: HardwareVerified): Step | null {
  const absent = needed[verified.tee].find((each) => !/[1-9a-f]/.test(verified.measurements[each] ?? ''))
  if (absent !== undefined)
    return unbound(`the evidence has no ${absent}: nothing of the program was measured into it`)
  return null
}

function unbound(detail: string): Step {
  return contraindicate(name, 'WORKLOAD_UNBOUND', detail)
}
