import { fromHex } from '../bytes.ts'
import { parseJson, parseJsonWithSlice } from '../json.ts'
import { readArray, readEnum, readInteger, readObject, readRecord, readString } from '../shape.ts'
import { refuse } from './verified.ts'

/**
 * TCB info (version 3) and QE identity (version 2) of Intel's Provisioning Certification Service, in the response
 * bodies that the service sends: `{"tcbInfo":{…},"signature":"…"}`. The signature covers the bytes of the inner
 * object as they stand, so they are cut out and never written anew.
 */

/** From the best downwards. */
export const tcbStatuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const
export type TcbStatus = (typeof tcbStatuses)[number]

/** What a level found says. */
export interface TcbVerdict {
  readonly status: TcbStatus
  readonly advisoryIds: readonly string[]
}

export interface PlatformLevel extends TcbVerdict {
  readonly sgx: readonly number[]
  readonly pceSvn: number
  /** Empty in TCB info of SGX. */
  readonly tdx: readonly number[]
}

export interface SvnLevel extends TcbVerdict {
  readonly isvSvn: number
}

export interface ModuleIdentity {
  readonly mrSigner: Uint8Array
  readonly attributes: Uint8Array
  readonly attributesMask: Uint8Array
  readonly levels: readonly SvnLevel[]
}

/** What both documents have. */
export interface SignedDocument {
  readonly issueDateMs: number
  readonly nextUpdateMs: number
  readonly tcbEvaluationDataNumber: number
  readonly signed: Uint8Array
  /** R and S in one row. */
  readonly signature: Uint8Array
}

export interface TcbInfo extends SignedDocument {
  readonly id: 'SGX' | 'TDX'
  readonly fmspc: string
  readonly pceId: string
  readonly levels: readonly PlatformLevel[]
  /** The module of TDX 1.0, which has no version. */
  readonly module: ModuleIdentity | null
  /** Those of later modules, by `TDX_<version>`. */
  readonly modules: ReadonlyMap<string, ModuleIdentity>
}

export interface QeIdentity extends SignedDocument {
  readonly id: 'QE' | 'TD_QE'
  readonly miscSelect: Uint8Array
  readonly miscSelectMask: Uint8Array
  readonly attributes: Uint8Array
  readonly attributesMask: Uint8Array
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  readonly levels: readonly SvnLevel[]
}

const bytesMax = 262_144
const levelsMax = 256

/** @throws {VerificationError} `TCB_INFO_INVALID` */
export function readTcbInfo(body: Uint8Array): TcbInfo {
  return guarded('TCB_INFO_INVALID', 'the TCB info', () => {
    const { document, ...signed } = readSigned(body, 'tcbInfo', 3)
    const id = readEnum(document['id'], 'id', ['SGX', 'TDX'])
    readInteger(document['tcbType'], 'tcbType', { min: 0, max: 0 })
    const modules = new Map<string, ModuleIdentity>()
    for (const value of readArray(document['tdxModuleIdentities'] ?? [], 'tdxModuleIdentities', 64)) {
      const name = readString(readRecord(value, 'module')['id'], 'id', { max: 16 }).toUpperCase()
      if (modules.has(name)) throw refuse('TCB_INFO_INVALID', 'the TCB info has a module twice')
      modules.set(name, readModule(value))
    }
    return {
      ...signed,
      id,
      fmspc: hexText(document['fmspc'], 'fmspc', 6),
      pceId: hexText(document['pceId'], 'pceId', 2),
      levels: readArray(document['tcbLevels'], 'tcbLevels', levelsMax, (level) =>
        readPlatformLevel(level, id),
      ),
      module: document['tdxModule'] === undefined ? null : readModule(document['tdxModule']),
      modules,
    }
  })
}

/** @throws {VerificationError} `QE_IDENTITY_INVALID` */
export function readQeIdentity(body: Uint8Array): QeIdentity {
  return guarded('QE_IDENTITY_INVALID', 'the QE identity', () => {
    const { document, ...signed } = readSigned(body, 'enclaveIdentity', 2)
    return {
      ...signed,
      id: readEnum(document['id'], 'id', ['QE', 'TD_QE']),
      miscSelect: hexBytes(document['miscselect'], 'miscselect', 4),
      miscSelectMask: hexBytes(document['miscselectMask'], 'miscselectMask', 4),
      attributes: hexBytes(document['attributes'], 'attributes', 16),
      attributesMask: hexBytes(document['attributesMask'], 'attributesMask', 16),
      mrSigner: hexBytes(document['mrsigner'], 'mrsigner', 32),
      isvProdId: readInteger(document['isvprodid'], 'isvprodid', { min: 0, max: 65_535 }),
      levels: readArray(document['tcbLevels'], 'tcbLevels', levelsMax, readSvnLevel),
    }
  })
}

type Document = Readonly<Record<string, unknown>>

function readSigned(
  body: Uint8Array,
  member: string,
  version: number,
): SignedDocument & { document: Document } {
  const { value, slice } = parseJsonWithSlice(body, member, { bytesMax })
  const signature = readString(
    readObject(value, '', { required: [member, 'signature'] })['signature'],
    'signature',
    {
      // In one case only: the same signature must not have several spellings.
      pattern: /^(?:[0-9a-f]{128}|[0-9A-F]{128})$/,
    },
  )
  if (slice === null) throw new Error('the member is required')
  const document = readRecord(parseJson(slice, { bytesMax }), member)
  readInteger(document['version'], 'version', { min: version, max: version })
  return {
    document,
    signed: slice,
    signature: fromHex(signature),
    issueDateMs: dateMs(document['issueDate'], 'issueDate'),
    nextUpdateMs: dateMs(document['nextUpdate'], 'nextUpdate'),
    tcbEvaluationDataNumber: readInteger(document['tcbEvaluationDataNumber'], 'tcbEvaluationDataNumber', {
      min: 0,
    }),
  }
}

function readPlatformLevel(value: unknown, id: 'SGX' | 'TDX'): PlatformLevel {
  const level = readRecord(value, 'tcbLevel')
  const tcb = readRecord(level['tcb'], 'tcb')
  return {
    ...readVerdict(level),
    sgx: readComponents(tcb['sgxtcbcomponents'], 'sgxtcbcomponents'),
    pceSvn: readInteger(tcb['pcesvn'], 'pcesvn', { min: 0, max: 65_535 }),
    tdx: id === 'TDX' ? readComponents(tcb['tdxtcbcomponents'], 'tdxtcbcomponents') : [],
  }
}

function readComponents(value: unknown, path: string): readonly number[] {
  const components = readArray(value, path, 16, (component) =>
    readInteger(readRecord(component, path)['svn'], `${path}.svn`, { min: 0, max: 255 }),
  )
  if (components.length !== 16)
    throw refuse('TCB_INFO_INVALID', 'the TCB info has a level without its 16 components')
  return components
}

function readModule(value: unknown): ModuleIdentity {
  const module = readRecord(value, 'module')
  return {
    mrSigner: hexBytes(module['mrsigner'], 'mrsigner', 48),
    attributes: hexBytes(module['attributes'], 'attributes', 8),
    attributesMask: hexBytes(module['attributesMask'], 'attributesMask', 8),
    levels: readArray(module['tcbLevels'] ?? [], 'tcbLevels', levelsMax, readSvnLevel),
  }
}

function readSvnLevel(value: unknown): SvnLevel {
  const level = readRecord(value, 'tcbLevel')
  const isvSvn = readInteger(readRecord(level['tcb'], 'tcb')['isvsvn'], 'isvsvn', { min: 0, max: 65_535 })
  return { ...readVerdict(level), isvSvn }
}

function readVerdict(level: Document): TcbVerdict {
  return {
    status: readEnum(level['tcbStatus'], 'tcbStatus', tcbStatuses),
    advisoryIds: readArray(level['advisoryIDs'] ?? [], 'advisoryIDs', 256, (id, path) =>
      readString(id, path, { pattern: /^[A-Z0-9-]{1,32}$/ }),
    ),
  }
}

function dateMs(value: unknown, path: string): number {
  const text = readString(value, path, { pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ })
  return readInteger(Date.parse(text), path)
}

function hexText(value: unknown, path: string, length: number): string {
  const text = readString(value, path, { pattern: /^[0-9A-Fa-f]+$/, min: length * 2, max: length * 2 })
  return text.toLowerCase()
}

function hexBytes(value: unknown, path: string, length: number): Uint8Array {
  return fromHex(hexText(value, path, length))
}

/** Whatever is wrong with the document's form is one refusal of it. */
function guarded<Value>(code: string, what: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable'
    throw refuse(code, `${what} can't be read: ${why}`)
  }
}
