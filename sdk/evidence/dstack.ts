import { equalBytes, toHex } from '../bytes.ts'
import { parseJson } from '../json.ts'
import { readObject, readString } from '../shape.ts'
import { isZero } from './byte-reader.ts'
import type { DcapOptions } from './dcap.ts'
import type { TdReport } from './dcap-quote.ts'
import { proveImage } from './dstack-image.ts'
import { checkRegisters, readEventLog, type RtmrEvent } from './rtmr.ts'
import { verifyTdx, type Received, type TdxEvidence, type VerifiedTdx } from './tdx.ts'
import { StepList, refuse } from './verified.ts'

export interface DstackEvidence extends TdxEvidence {
  /** JSON texts of the guest agent's answer to `GetQuote`. */
  readonly eventLog: Uint8Array
  readonly vmConfig: Uint8Array
}

export interface DstackOptions extends DcapOptions {
  /** Registers of OS images that are known otherwise, for images that carry no measurements of their own. */
  readonly knownImages?: readonly DstackImageRegisters[]
}

/** Lower-case hex. */
export interface DstackImageRegisters {
  readonly os_image_hash: string
  readonly mr_td: string
  readonly rtmr1: string
  readonly rtmr2: string
}

export interface VerifiedDstack extends Omit<VerifiedTdx, 'tee'> {
  readonly tee: 'dstack-tdx'
  /** Whether the OS image is proven; only then does the event log say what really runs. */
  readonly imageProven: boolean
}

/**
 * Judges evidence of a dstack application: all of {@link verifyTdx}, the event log that leads to the quoted registers,
 * the application that it names, and the OS image that wrote it. Never throws.
 *
 * Adds to the measurements `compose_hash`, `app_id`, `instance_id`, `key_provider` (`name:id`) and, where it is
 * proven, `os_image_hash`.
 */
export async function verifyDstack(
  evidence: Received<DstackEvidence>,
  options: DstackOptions,
): Promise<VerifiedDstack> {
  const tdx = await verifyTdx(evidence, options)
  const list = new StepList()
  const { td } = tdx
  let added: Record<string, string> = {}
  let imageProven = false
  if (td !== null) {
    const events = await list.check(
      'event log',
      'the event log leads to the registers of the quote',
      async () => {
        const read = await readEventLog(evidence.eventLog)
        await checkRegisters(read, td.rtmr)
        return read
      },
    )
    const application =
      events &&
      (await list.check('application', 'the event log names the application', () =>
        applicationOf(events, td),
      ))
    const image = await checkImage(list, evidence, td, options)
    imageProven = image !== null
    added = { ...application, ...(image === null ? {} : { os_image_hash: image }) }
  }
  return {
    ...tdx,
    tee: 'dstack-tdx',
    steps: [...tdx.steps, ...list.steps],
    measurements: { ...tdx.measurements, ...added },
    imageProven,
  }
}

function applicationOf(events: readonly RtmrEvent[], td: TdReport): Record<string, string> {
  const composeHash = payloadOf(events, 'compose-hash')
  if (composeHash?.length !== 32) throw refuse('EVENT_LOG_INVALID', 'the event log names no compose hash')
  checkConfigId(td.mrConfigId, composeHash)
  const appId = payloadOf(events, 'app-id')
  const instanceId = payloadOf(events, 'instance-id')
  const keyProvider = payloadOf(events, 'key-provider')
  return {
    compose_hash: toHex(composeHash),
    ...(appId === null ? {} : { app_id: toHex(appId) }),
    ...(instanceId === null ? {} : { instance_id: toHex(instanceId) }),
    ...(keyProvider === null ? {} : { key_provider: keyProviderOf(keyProvider) }),
  }
}

/**
 * An application can add events of any name once it runs. The OS writes its own first and once, so a name that comes
 * twice is somebody's attempt.
 */
function payloadOf(events: readonly RtmrEvent[], name: string): Uint8Array | null {
  const found = events.filter(({ register, runtime }) => register === 3 && runtime?.name === name)
  if (found.length > 1) throw refuse('EVENT_LOG_INVALID', `the event log has two events ${name}`)
  return found[0]?.runtime?.payload ?? null
}

/** Where the host gave the TD a configuration of kind 1, it is the compose hash, and the guest has checked it. */
function checkConfigId(configId: Uint8Array, composeHash: Uint8Array): void {
  if (configId[0] !== 1) return
  if (!equalBytes(configId.subarray(1, 33), composeHash) || !isZero(configId.subarray(33))) {
    throw refuse('EVENT_LOG_INVALID', 'the TD was started for another compose hash than the event log names')
  }
}

function keyProviderOf(payload: Uint8Array): string {
  try {
    const provider = readObject(parseJson(payload), 'key-provider', { required: ['name', 'id'] })
    return `${readString(provider.name, 'name', { max: 64 })}:${readString(provider.id, 'id', { max: 4_096 })}`
  } catch {
    return toHex(payload)
  }
}

async function checkImage(
  list: StepList,
  evidence: Received<DstackEvidence>,
  td: TdReport,
  options: DstackOptions,
): Promise<string | null> {
  const [mrTd, rtmr1, rtmr2] = [td.mrTd, td.rtmr[1], td.rtmr[2]].map(toHex)
  const known = options.knownImages?.find(
    (image) => image.mr_td === mrTd && image.rtmr1 === rtmr1 && image.rtmr2 === rtmr2,
  )
  if (known !== undefined) {
    list.affirm('OS image', 'the registers are those of a known OS image')
    return known.os_image_hash
  }
  try {
    const image = await proveImage(evidence.vmConfig, td)
    if (image === null) {
      list.refuse(
        'OS image',
        'WORKLOAD_UNBOUND',
        'nothing proves which OS image runs, so its event log proves nothing',
      )
      return null
    }
    list.affirm('OS image', 'the registers are those of the OS image named')
    return image.hash
  } catch (error) {
    const why = error instanceof Error ? error.message : 'the OS image is not proven'
    list.refuse('OS image', 'OS_IMAGE_MISMATCH', why)
    return null
  }
}
