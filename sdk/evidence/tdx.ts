import { toHex } from '../bytes.ts'
import { isZero } from './byte-reader.ts'
import { verifyDcap, type DcapOptions, type DcapResult } from './dcap.ts'
import type { TdReport } from './dcap-quote.ts'
import type { TdxCollateral } from './tdx-collateral.ts'
import { StepList, type Verified } from './verified.ts'

export interface TdxEvidence {
  readonly quote: Uint8Array
  readonly collateral: TdxCollateral
}

/** Evidence as it came, perhaps without Intel's collateral: then nothing is affirmed, but all else is looked at. */
export type Received<Evidence extends TdxEvidence = TdxEvidence> = Omit<Evidence, 'collateral'> & {
  readonly collateral: TdxCollateral | null
}

export interface TdAttributes {
  readonly debug: boolean
  readonly septVeDisable: boolean
  readonly migratable: boolean
}

export interface VerifiedTdx extends Verified, DcapResult {
  readonly tee: 'tdx'
  readonly td: TdReport | null
  readonly attributes: TdAttributes | null
}

/**
 * Judges a TDX quote with Intel's collateral: all of {@link verifyDcap}, and that the TD is one that nobody outside
 * can look into. Never throws; what does not hold is a step.
 */
export async function verifyTdx(evidence: Received, options: DcapOptions): Promise<VerifiedTdx> {
  const list = new StepList()
  const dcap = await verifyDcap(evidence.quote, evidence.collateral, options, list)
  const body = dcap.quote?.body ?? null
  if (body?.kind === 'sgx') {
    list.refuse('TD', 'QUOTE_INVALID', 'the quote is of an SGX enclave, not of a TD')
  }
  const td = body === null || body.kind === 'sgx' ? null : body
  if (td !== null) checkTd(list, td)
  return {
    ...dcap,
    tee: 'tdx',
    steps: list.steps,
    measurements: td === null ? {} : measurementsOf(td),
    reportData: td?.reportData ?? new Uint8Array(),
    td,
    attributes: td === null ? null : attributesOf(td),
  }
}

function attributesOf(td: TdReport): TdAttributes {
  const [group0, , , group3] = td.tdAttributes
  return {
    // All of the first group would take the TD out of Intel's trust; bit 0 is the only one there is.
    debug: group0 !== 0,
    septVeDisable: (group3! & 0x10) !== 0,
    migratable: (group3! & 0x20) !== 0,
  }
}

function checkTd(list: StepList, td: TdReport): void {
  const { debug, septVeDisable, migratable } = attributesOf(td)
  if (debug) list.refuse('debug', 'DEBUG_ENABLED', 'the host can read and change the TD’s memory (debug)')
  else list.affirm('debug', 'the TD can’t be debugged')
  if (!septVeDisable) {
    list.refuse('SEPT_VE_DISABLE', 'SEPT_VE_ENABLED', 'the host can take pages from the TD unseen')
  } else list.affirm('SEPT_VE_DISABLE', 'the host can’t take pages from the TD unseen')
  if (migratable) {
    list.refuse('migration', 'MIGRATION_ENABLED', 'another TD can move this one to another platform')
  } else if (td.mrServiceTd !== null && !isZero(td.mrServiceTd)) {
    list.refuse('migration', 'SERVICE_TD_BOUND', 'another TD is bound to this one and can reach into it')
  } else list.affirm('migration', 'the TD can’t be moved to another platform')
  if (td.tdAttributes[1] !== 0 || td.tdAttributes[2] !== 0) {
    list.refuse(
      'TD attributes',
      'TD_ATTRIBUTES_RESERVED',
      'the TD has attributes whose meaning is not known here',
    )
  }
}

function measurementsOf(td: TdReport): Record<string, string> {
  return {
    mr_td: toHex(td.mrTd),
    rtmr0: toHex(td.rtmr[0]),
    rtmr1: toHex(td.rtmr[1]),
    rtmr2: toHex(td.rtmr[2]),
    rtmr3: toHex(td.rtmr[3]),
    mr_config_id: toHex(td.mrConfigId),
    mr_owner: toHex(td.mrOwner),
    mr_owner_config: toHex(td.mrOwnerConfig),
    mr_seam: toHex(td.mrSeam),
    td_attributes: toHex(td.tdAttributes),
    xfam: toHex(td.xfam),
  }
}
