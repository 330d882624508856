import { equalBytes, fromBase64, fromUtf8, sha256, toHex, utf8 } from '../bytes.ts'
import { parseJson } from '../json.ts'
import { readRecord, readString } from '../shape.ts'
import { readCbor, type Cbor } from './cbor.ts'
import type { TdReport } from './dcap-quote.ts'
import { replay, sha384 } from './rtmr.ts'
import { refuse } from './verified.ts'

/**
 * Proof that a TD runs the dstack OS image of a hash: the image's list of checksums hashes to it, the list names a
 * document of measurements, and those lead to the registers of the quote. Images older than that document can't be
 * proven without downloading them.
 */
export interface DstackImage {
  /** Lower-case hex. */
  readonly hash: string
}

const code = 'OS_IMAGE_MISMATCH'
const documentName = 'measurement.tdx.cbor'

/**
 * @param vmConfig the JSON text that the guest agent hands out beside a quote
 * @returns null where it carries no measurements to prove anything with
 * @throws {VerificationError} `OS_IMAGE_MISMATCH`
 */
export async function proveImage(vmConfig: Uint8Array, td: TdReport): Promise<DstackImage | null> {
  const material = readMaterial(vmConfig)
  if (material === null) return null
  const { checksums, document, claimedHash } = material
  const hash = toHex(await sha256(checksums))
  if (hash !== claimedHash) throw refuse(code, 'the checksums of the OS image are not of the image named')
  if (!linesOf(checksums).includes(`${toHex(await sha256(document))}  ${documentName}`)) {
    throw refuse(code, 'the measurements of the OS image are not among its checksums')
  }
  await checkMeasurements(readCbor(document), td)
  return { hash }
}

function readMaterial(
  vmConfig: Uint8Array,
): { checksums: Uint8Array; document: Uint8Array; claimedHash: string } | null {
  try {
    const config = readRecord(parseJson(vmConfig, { bytesMax: 65_536 }), 'vm_config')
    if (config['tdx_measurement'] === undefined || config['tdx_measurement'] === null) return null
    const measurement = readRecord(config['tdx_measurement'], 'tdx_measurement')
    const bytes = (name: string): Uint8Array =>
      fromBase64(readString(measurement[name], name, { max: 32_768 }))
    return {
      checksums: bytes('checksum_file'),
      document: bytes('measurement'),
      claimedHash: readString(config['os_image_hash'], 'os_image_hash', { pattern: /^[0-9a-f]{64}$/ }),
    }
  } catch {
    throw refuse(code, 'the configuration of the machine can’t be read')
  }
}

function linesOf(bytes: Uint8Array): readonly string[] {
  return fromUtf8(bytes).split('\n')
}

/** Firmware (MRTD), kernel (RTMR1), command line with the root file system's hash, and initrd (RTMR2). */
async function checkMeasurements(document: Cbor, td: TdReport): Promise<void> {
  const firmware = ['single_pass', 'two_pass'].map((name) => digestAt(document, 'tdvf', 'mrtd', name))
  if (!firmware.some((digest) => equalBytes(digest, td.mrTd))) {
    throw refuse(code, 'the TD was started with another firmware than the image’s')
  }
  const boot = await Promise.all(
    [
      utf8('Calling EFI Application from Boot Option'),
      new Uint8Array(4),
      utf8('Exit Boot Services Invocation'),
      utf8('Exit Boot Services Returned with Success'),
    ].map(sha384),
  )
  const kernel = digestAt(document, 'image', 'kernel_authenticode')
  if (!equalBytes(await replay([kernel, ...boot]), td.rtmr[1])) {
    throw refuse(code, 'the TD runs another kernel than the image’s')
  }
  const rest = [digestAt(document, 'image', 'cmdline_sha384'), digestAt(document, 'image', 'initrd_sha384')]
  if (!equalBytes(await replay(rest), td.rtmr[2])) {
    throw refuse(code, 'the TD runs with another command line or initrd than the image’s')
  }
}

function digestAt(document: Cbor, ...path: readonly string[]): Uint8Array {
  let value: Cbor | undefined = document
  for (const name of path) value = value instanceof Map ? (value.get(name) as Cbor | undefined) : undefined
  if (!(value instanceof Uint8Array) || value.length !== 48) {
    throw refuse(code, 'the measurements of the OS image lack one')
  }
  return value
}
