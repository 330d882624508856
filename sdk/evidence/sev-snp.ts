import { equalBytes, toHex } from '../bytes.ts'
import { amdIntermediate } from './amd-intermediates.ts'
import { isZero } from './byte-reader.ts'
import { refuseRevoked, readCrl, verifyCrl } from './crl.ts'
import { verifyChain } from './chain.ts'
import { DerReader, Tag, smallOf, unsignedOf } from './der.ts'
import { verifyRaw } from './public-key.ts'
import { pinnedRoots, type AmdProduct, type Roots } from './roots.ts'
import {
  readSnpReport,
  readSnpTcb,
  type SnpPolicy,
  type SnpReport,
  type SnpTcb,
  type SnpTcbPart,
} from './snp-report.ts'
import { StepList, refuse, type Verified } from './verified.ts'
import { commonNameOf, readCertificate, type Certificate } from './x509.ts'

export interface SevSnpEvidence {
  /** The attestation report, 1184 bytes. */
  readonly report: Uint8Array
  /** VCEK or VLEK certificate, DER. */
  readonly leaf: Uint8Array
  /** ASK or ASVK, and the ARK where it was sent too, DER. Left out: the ones AMD has published. */
  readonly chain?: readonly Uint8Array[]
  /** AMD's revocation list of the product, DER. One that is given must hold. */
  readonly crl?: Uint8Array
}

/** Evidence as it came, perhaps without its certificate: then nothing is affirmed. */
export type ReceivedSevSnp = Omit<SevSnpEvidence, 'leaf'> & { readonly leaf: Uint8Array | null }

export interface SevSnpOptions {
  readonly atMs: number
  readonly roots?: Roots
  /** Refuse evidence that comes without a revocation list. */
  readonly requireCrl?: boolean
}

export interface VerifiedSevSnp extends Verified {
  readonly tee: 'sev-snp'
  readonly report: SnpReport | null
  readonly product: AmdProduct | null
  readonly signingKey: 'VCEK' | 'VLEK' | null
  readonly vmpl: number | null
  readonly policy: SnpPolicy | null
  /** Levels the report vouches for (reported TCB), and those of the other three fields. */
  readonly tcb: SnpTcb | null
  readonly committedTcb: SnpTcb | null
  readonly launchTcb: SnpTcb | null
  readonly crlChecked: boolean
}

/**
 * Judges SEV-SNP evidence: the report's signature, its key's chain to AMD's root, and that key, chip, firmware levels
 * and guest policy are what they must be. Never throws; what does not hold is a step.
 */
export async function verifySevSnp(
  evidence: ReceivedSevSnp,
  options: SevSnpOptions,
): Promise<VerifiedSevSnp> {
  const { atMs, roots = pinnedRoots } = options
  const list = new StepList()
  const report = await list.check('report', 'the evidence is a SEV-SNP attestation report', () =>
    readSnpReport(evidence.report),
  )
  const leaf = await list.check('endorsement', 'the endorsement is a certificate of an AMD chip key', () =>
    leafOf(evidence),
  )
  if (report === undefined || leaf === undefined) return result(list, report ?? null, null, false)

  const product = await list.check('product', 'the report and the certificate name one product', () =>
    productOf(report, leaf),
  )
  if (product === undefined) return result(list, report, null, false)
  const path = await list.check(
    'certificate chain',
    `the chip's key is certified by AMD's root for ${product}`,
    () => verifyPath(evidence, report, leaf, product, atMs, roots),
  )
  await list.check(
    'report signature',
    `the report is signed by the chip's ${report.signingKey}`,
    async () => {
      if (!(await verifyRaw(leaf.publicKey, 'ecdsa-p384-sha384', report.signature, report.signed))) {
        throw refuse('SIGNATURE_INVALID', 'the signature on the report does not hold')
      }
    },
  )
  await list.check('chip', chipDetail(report), () => checkChip(report, leaf, product))
  await list.check(
    'firmware levels',
    'the certificate is for the firmware levels that the report shows',
    () => checkLevels(report, leaf, product),
  )
  const crlChecked = path !== undefined && (await checkCrl(list, evidence, options, path))
  checkPolicy(list, report)
  return result(list, report, product, crlChecked)
}

function leafOf({ leaf }: ReceivedSevSnp): Certificate {
  if (leaf === null) {
    throw refuse('ENDORSEMENT_MISSING', 'AMD’s certificate of the chip’s key (VCEK or VLEK) is missing')
  }
  return readCertificate(leaf)
}

const amdOid = '1.3.6.1.4.1.3704.1'
const levelOids: Readonly<Record<SnpTcbPart, string>> = {
  bootloader: `${amdOid}.3.1`,
  tee: `${amdOid}.3.2`,
  snp: `${amdOid}.3.3`,
  microcode: `${amdOid}.3.8`,
  fmc: `${amdOid}.3.9`,
}

const products: ReadonlyMap<string, AmdProduct> = new Map([
  ['Milan', 'Milan'],
  ['Genoa', 'Genoa'],
  ['Bergamo', 'Genoa'],
  ['Siena', 'Genoa'],
  ['Turin', 'Turin'],
])

/** The certificate names its product as text, `Milan-B0` or `Genoa`; the stepping says nothing here. */
function productOf(report: SnpReport, leaf: Certificate): AmdProduct {
  const reader = new DerReader(extension(leaf, `${amdOid}.2`))
  const name = String.fromCharCode(...reader.read(0x16).value.subarray(0, 32))
  reader.end()
  const product = products.get(name.split('-')[0]!)
  if (product === undefined)
    throw refuse('SNP_PRODUCT_UNKNOWN', 'the certificate is of a product not known here')
  if (report.product !== null && report.product !== product) {
    throw refuse('SNP_PRODUCT_MISMATCH', `the report is of ${report.product}, its certificate of ${product}`)
  }
  return product
}

async function verifyPath(
  evidence: ReceivedSevSnp,
  report: SnpReport,
  leaf: Certificate,
  product: AmdProduct,
  atMs: number,
  roots: Roots,
): Promise<readonly Certificate[]> {
  const above = evidence.chain ?? []
  if (above.length > 2) throw refuse('CHAIN_INVALID', 'the certificate chain has too many certificates')
  const intermediates = above.length > 0 ? above : [amdIntermediate(product, report.signingKey)]
  const path = [leaf, ...intermediates.map(readCertificate)]
  if (path.some(({ signatureAlgorithm }) => signatureAlgorithm !== 'rsa-pss-sha384')) {
    throw refuse('ALGORITHM_REFUSED', 'a certificate is not signed the way AMD signs')
  }
  const name = commonNameOf(leaf)
  if (name !== `SEV-${report.signingKey}`) {
    throw refuse(
      'CHAIN_INVALID',
      `the report is signed by a ${report.signingKey}, its certificate is of ${name}`,
    )
  }
  return verifyChain(path, readCertificate(roots.amd[product]), atMs)
}

function chipDetail(report: SnpReport): string {
  return report.signingKey === 'VCEK'
    ? 'the certificate is of the very chip that made the report'
    : 'the key is the cloud provider’s and names no chip, as it must be'
}

function checkChip(report: SnpReport, leaf: Certificate, product: AmdProduct): void {
  const named = leaf.extensions.get(`${amdOid}.4`)?.value
  if (report.signingKey === 'VLEK') {
    if (named !== undefined) throw refuse('SNP_CHIP_MISMATCH', 'a provider’s certificate names a chip')
    return
  }
  const idBytes = product === 'Turin' ? 8 : 64
  const hardwareId = named === undefined ? new Uint8Array() : hardwareIdOf(named, idBytes)
  const same = equalBytes(hardwareId, report.chipId.subarray(0, idBytes)) && !isZero(hardwareId)
  if (!same) throw refuse('SNP_CHIP_MISMATCH', 'the certificate is of another chip than the report')
}

/** AMD's service writes it as bare bytes, in later certificates as an octet string of them. */
function hardwareIdOf(value: Uint8Array, idBytes: number): Uint8Array {
  const isWrapped = value.length === idBytes + 2 && value[0] === Tag.octetString && value[1] === idBytes
  return isWrapped ? value.subarray(2) : value
}

function checkLevels(report: SnpReport, leaf: Certificate, product: AmdProduct): void {
  const reported = readSnpTcb(report.reportedTcb, product)
  for (const [part, level] of Object.entries(reported) as [SnpTcbPart, number][]) {
    const reader = new DerReader(extension(leaf, levelOids[part]))
    const certified = smallOf(unsignedOf(reader.read(Tag.integer).value))
    reader.end()
    if (certified !== level) {
      throw refuse(
        'SNP_TCB_MISMATCH',
        `the certificate is for ${part} level ${certified}, the report shows ${level}`,
      )
    }
  }
}

function extension(certificate: Certificate, id: string): Uint8Array {
  const found = certificate.extensions.get(id)
  if (found === undefined) throw refuse('CERTIFICATE_INVALID', `the certificate lacks AMD's extension ${id}`)
  return found.value
}

async function checkCrl(
  list: StepList,
  evidence: ReceivedSevSnp,
  options: SevSnpOptions,
  path: readonly Certificate[],
): Promise<boolean> {
  const { crl } = evidence
  if (crl === undefined) {
    if (options.requireCrl === true) {
      list.refuse('revocation', 'CRL_MISSING', 'the evidence comes without AMD’s revocation list')
    }
    return false
  }
  const checked = await list.check(
    'revocation',
    'AMD has not revoked the certificates of the chain',
    async () => {
      const read = readCrl(crl)
      await verifyCrl(read, path.at(-1)!, options.atMs)
      // The list is the root's: it names the intermediates, and chips' keys by the root's own numbering.
      for (const certificate of path.slice(1)) refuseRevoked(certificate, read)
      return true
    },
  )
  return checked === true
}

function checkPolicy(list: StepList, report: SnpReport): void {
  if (report.policy.debug) {
    list.refuse('debug', 'DEBUG_ENABLED', 'the guest policy lets the host read and change the memory (debug)')
  } else list.affirm('debug', 'the guest policy forbids debugging')
  if (report.policy.migrateMa) {
    list.refuse('migration', 'MIGRATION_ENABLED', 'the guest policy lets a migration agent move the guest')
  } else list.affirm('migration', 'the guest policy forbids migration')
}

function result(
  list: StepList,
  report: SnpReport | null,
  product: AmdProduct | null,
  crlChecked: boolean,
): VerifiedSevSnp {
  const tcb = (bytes: Uint8Array | undefined): SnpTcb | null => {
    if (bytes === undefined || product === null) return null
    try {
      return readSnpTcb(bytes, product)
    } catch {
      return null
    }
  }
  return {
    tee: 'sev-snp',
    steps: list.steps,
    measurements: report === null ? {} : measurementsOf(report),
    reportData: report?.reportData ?? new Uint8Array(),
    report,
    product,
    signingKey: report?.signingKey ?? null,
    vmpl: report?.vmpl ?? null,
    policy: report?.policy ?? null,
    tcb: tcb(report?.reportedTcb),
    committedTcb: tcb(report?.committedTcb),
    launchTcb: tcb(report?.launchTcb),
    crlChecked,
  }
}

function measurementsOf(report: SnpReport): Record<string, string> {
  return {
    measurement: toHex(report.measurement),
    host_data: toHex(report.hostData),
    id_key_digest: toHex(report.idKeyDigest),
    author_key_digest: toHex(report.authorKeyDigest),
    family_id: toHex(report.familyId),
    image_id: toHex(report.imageId),
  }
}
