import { toHex } from '../bytes.ts'
import { isZero } from './byte-reader.ts'
import { verifyChain } from './chain.ts'
import { readNitroDocument, type NitroDocument } from './nitro-document.ts'
import { verifyRaw } from './public-key.ts'
import { pinnedRoots, type Roots } from './roots.ts'
import { StepList, refuse, type Verified } from './verified.ts'
import { readCertificate } from './x509.ts'

export interface NitroOptions {
  readonly atMs: number
  readonly roots?: Roots
}

export interface VerifiedNitro extends Verified {
  readonly tee: 'nitro'
  readonly document: NitroDocument | null
  /** The hypervisor's clock when it signed. */
  readonly timestampMs: number | null
  readonly nonce: Uint8Array | null
  readonly publicKey: Uint8Array | null
}

/** What the hypervisor's clock may be ahead of the verifier's. */
const clockSkewMs = 300_000

/**
 * Judges a Nitro attestation document: its signature, its chain to Amazon's root, that it is an enclave's, and that
 * the enclave was not started in debug mode. `user_data` is the report data. Never throws.
 */
export async function verifyNitro(bytes: Uint8Array, options: NitroOptions): Promise<VerifiedNitro> {
  const { atMs, roots = pinnedRoots } = options
  const list = new StepList()
  const document = await list.check('document', 'the evidence is a Nitro attestation document', () =>
    readNitroDocument(bytes),
  )
  if (document === undefined) return result(list, null)
  const leaf = await list.check(
    'certificate chain',
    'the key of the module is certified by Amazon’s root',
    async () => {
      const [key] = await verifyChain(pathOf(document).map(readCertificate), readCertificate(roots.aws), atMs)
      return key!
    },
  )
  await list.check('document signature', 'the document is signed by the key of the module', async () => {
    const key = leaf ?? readCertificate(document.certificate)
    if (!(await verifyRaw(key.publicKey, 'ecdsa-p384-sha384', document.signature, document.signed))) {
      throw refuse('SIGNATURE_INVALID', 'the signature on the document does not hold')
    }
  })
  await list.check('document time', 'the document was made while its certificate was valid', () => {
    const key = leaf ?? readCertificate(document.certificate)
    // Amazon issues a module's certificate just before, on another clock.
    if (document.timestampMs < key.notBeforeMs - clockSkewMs || document.timestampMs > key.notAfterMs) {
      throw refuse('NITRO_TIME_INVALID', 'the document was made outside the time of its certificate')
    }
    if (document.timestampMs > atMs + clockSkewMs) {
      throw refuse('NITRO_TIME_INVALID', 'the document is newer than the time of verification')
    }
  })
  checkEnclave(list, document)
  return result(list, document)
}

/** Leaf first. The bundle runs from the root downwards; that its first is the pinned root is for the chain to say. */
function pathOf(document: NitroDocument): Uint8Array[] {
  return [document.certificate, ...document.cabundle.toReversed()]
}

function checkEnclave(list: StepList, document: NitroDocument): void {
  if (document.registers !== 'pcrs') {
    list.refuse(
      'enclave',
      'NITROTPM_NOT_ENCLAVE',
      'the document is of an instance’s NitroTPM, not of an enclave',
    )
    return
  }
  const registers = [0, 1, 2].map((index) => document.pcrs.get(index))
  if (registers.some((register) => register === undefined)) {
    list.refuse('enclave', 'NITRO_DOCUMENT_INVALID', 'the document lacks one of the registers 0 to 2')
    return
  }
  list.affirm('enclave', 'the document is of an enclave')
  // In debug mode all are zero. One of them alone never is: it is the hash of something.
  if (registers.some((register) => isZero(register!))) {
    list.refuse('debug', 'DEBUG_ENABLED', 'the enclave runs in debug mode: its host can read what it does')
  } else list.affirm('debug', 'the enclave does not run in debug mode')
}

function result(list: StepList, document: NitroDocument | null): VerifiedNitro {
  const measurements: Record<string, string> = {}
  if (document?.registers === 'pcrs') {
    for (const [index, register] of document.pcrs) measurements[`pcr${index}`] = toHex(register)
  }
  return {
    tee: 'nitro',
    steps: list.steps,
    measurements,
    reportData: document?.userData ?? new Uint8Array(),
    document,
    timestampMs: document?.timestampMs ?? null,
    nonce: document?.nonce ?? null,
    publicKey: document?.publicKey ?? null,
  }
}
