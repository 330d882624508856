import type {
  Acceptance,
  DstackAcceptance,
  NitroAcceptance,
  SevSnpAcceptance,
  TdxAcceptance,
} from '../policy.ts'
import { affirm, contraindicate, type Step } from '../step.ts'
import { isZero } from './byte-reader.ts'
import { fromHex } from '../bytes.ts'
import type { SnpTcb } from './snp-report.ts'
import type { VerifiedSevSnp } from './sev-snp.ts'
import { judgeUnpinnedWorkload, judgeWorkload, type HardwareVerified } from './workload.ts'

/**
 * Sound evidence held to what one entry of a policy accepts: reference values, product, firmware levels, and that
 * what is pinned is the program and not the machine.
 */
export function judgeAcceptance(verified: HardwareVerified, acceptance: Acceptance): readonly Step[] {
  const lists = referenceLists(acceptance)
  return [
    ...lists.map(([name, accepted]) => judgeMeasurement(verified, name, accepted)),
    ...(verified.tee === 'sev-snp' && acceptance.tee === 'sev-snp' ? judgeSnp(verified, acceptance) : []),
    judgeWorkload(verified, new Set(lists.map(([name]) => name))),
  ]
}

type ReferenceList = readonly [name: string, accepted: readonly string[]]

/** The lists of an entry, by the names that measurements have. */
function referenceLists(acceptance: Acceptance): readonly ReferenceList[] {
  switch (acceptance.tee) {
    case 'sev-snp':
      return given<SevSnpAcceptance>(acceptance, ['measurement', 'host_data'])
    case 'tdx':
      return given<TdxAcceptance>(acceptance, ['mr_td', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'])
    case 'dstack-tdx':
      return given<DstackAcceptance>(acceptance, ['compose_hash', 'os_image_hash', 'app_id', 'key_provider'])
    case 'nitro':
      return Object.entries(acceptance.pcrs).map(([index, accepted]) => [`pcr${index}`, accepted])
  }
}

function given<Entry extends Acceptance>(
  entry: Entry,
  names: readonly (keyof Entry & string)[],
): readonly ReferenceList[] {
  return names.flatMap((name) =>
    entry[name] === undefined ? [] : [[name, entry[name] as readonly string[]] as const],
  )
}

function judgeMeasurement(
  { measurements }: HardwareVerified,
  name: string,
  accepted: readonly string[],
): Step {
  const value = measurements[name]
  return value !== undefined && accepted.includes(value)
    ? affirm(name, `${name} is one that the policy accepts`)
    : contraindicate(name, 'MEASUREMENT_NOT_ACCEPTED', `${name} is not one that the policy accepts`)
}

function judgeSnp(verified: VerifiedSevSnp, acceptance: SevSnpAcceptance): readonly Step[] {
  const { products, signing_key: signingKeys, min_tcb: minTcb } = acceptance
  const steps: Step[] = []
  if (products !== undefined) {
    steps.push(
      verified.product !== null && products.includes(verified.product)
        ? affirm('product policy', `${verified.product} is a product that the policy accepts`)
        : contraindicate('product policy', 'PRODUCT_NOT_ACCEPTED', 'the policy does not accept this product'),
    )
  }
  if (signingKeys !== undefined) {
    steps.push(
      verified.signingKey !== null && signingKeys.includes(verified.signingKey)
        ? affirm('signing key', `the policy accepts a ${verified.signingKey}`)
        : contraindicate(
            'signing key',
            'SIGNING_KEY_NOT_ACCEPTED',
            'the policy does not accept this kind of key',
          ),
    )
  }
  // Level 0 is the most privileged: software on any other runs at the mercy of what is below it.
  const vmpl = acceptance.vmpl ?? 0
  steps.push(
    verified.vmpl === vmpl
      ? affirm('VMPL', `the report is of privilege level ${vmpl}`)
      : contraindicate(
          'VMPL',
          'VMPL_NOT_ACCEPTED',
          `the report is of privilege level ${verified.vmpl}, not ${vmpl}`,
        ),
  )
  if (minTcb !== undefined) steps.push(judgeMinTcb(verified.tcb, minTcb))
  return steps
}

function judgeMinTcb(tcb: SnpTcb | null, minTcb: Readonly<Record<string, number>>): Step {
  const levels: Readonly<Record<string, number | undefined>> = tcb ?? {}
  const low = Object.entries(minTcb).filter(([part, min]) => !((levels[part] ?? -1) >= min))
  return low.length === 0
    ? affirm('minimum TCB', 'the firmware is at least of the levels that the policy asks for')
    : contraindicate(
        'minimum TCB',
        'TCB_TOO_OLD',
        `the firmware is below what the policy asks for: ${low.map(([part, min]) => `${part} ${levels[part] ?? 'none'} < ${min}`).join(', ')}`,
      )
}

/**
 * The entry that accepts just this evidence, to be saved on first use; null where the evidence does not bind the
 * program ({@link judgeUnpinnedWorkload} says why) and would accept any.
 */
export function acceptanceOf(verified: HardwareVerified): Acceptance | null {
  if (judgeUnpinnedWorkload(verified).status !== 'affirming') return null
  const { measurements } = verified
  const only = (name: string): readonly string[] => [measurements[name] ?? '']
  const optional = (name: string): Record<string, readonly string[]> =>
    measurements[name] === undefined ? {} : { [name]: only(name) }
  if (verified.tee === 'dstack-tdx') {
    return {
      tee: 'dstack-tdx',
      compose_hash: only('compose_hash'),
      os_image_hash: only('os_image_hash'),
      ...optional('app_id'),
      ...optional('key_provider'),
    }
  }
  if (verified.tee !== 'nitro') return null
  // Register 8 is the signer's, zero where the image is unsigned; the others tell instances apart.
  const indices = ['0', '1', '2', ...(isZero(fromHex(measurements['pcr8'] ?? '')) ? [] : ['8'])]
  const entry: NitroAcceptance = {
    tee: 'nitro',
    pcrs: Object.fromEntries(indices.map((index) => [index, only(`pcr${index}`)])),
  }
  return entry
}
