import { equalBytes, fromHex, utf8 } from '../bytes.ts'
import { InputError } from '../errors.ts'
import { readRecord, readString } from '../shape.ts'
import { verifyChain } from './chain.ts'
import { readCrl, refuseRevoked, verifyCrl, type Crl } from './crl.ts'
import { readPemCertificates } from './pem.ts'
import { verifyRaw } from './public-key.ts'
import {
  readQeIdentity,
  readTcbInfo,
  type QeIdentity,
  type SignedDocument,
  type TcbInfo,
} from './tcb-info.ts'
import { refuse } from './verified.ts'
import { commonNameOf, readCertificate, type Certificate } from './x509.ts'

/** What Intel says about a platform beside the quote, as its Provisioning Certification Service sends it. */
export interface TdxCollateral {
  /** Response body, `{"tcbInfo":{…},"signature":"…"}`, byte for byte. */
  readonly tcbInfo: Uint8Array
  /** PEM, signer first. */
  readonly tcbInfoIssuerChain: Uint8Array
  /** Response body, `{"enclaveIdentity":{…},"signature":"…"}`, byte for byte. */
  readonly qeIdentity: Uint8Array
  readonly qeIdentityIssuerChain: Uint8Array
  /** DER. */
  readonly rootCaCrl: Uint8Array
  readonly pckCrl: Uint8Array
  /** PEM; where it is left out, the list must be of the authority in the quote's own chain. */
  readonly pckCrlIssuerChain?: Uint8Array
}

/**
 * Collateral in the form that DCAP libraries exchange (`QuoteCollateralV3` as JSON: chains in PEM, lists in hex, the
 * two documents apart from their signatures).
 * @throws {InputError} `INPUT_INVALID`, `NOT_HEX`
 */
export function collateralOfDcap(value: unknown): TdxCollateral {
  const record = readRecord(value, 'collateral')
  const text = (name: string): string => readString(record[name], name, { max: 262_144 })
  const body = (member: string, document: string, signature: string): Uint8Array => {
    // The text becomes a part of JSON again: an end of its own would let more than the document in.
    if (!/^[0-9a-fA-F]{128}$/.test(text(signature)))
      throw new InputError('NOT_HEX', `${signature} is not a signature`)
    return utf8(`{"${member}":${text(document)},"signature":"${text(signature)}"}`)
  }
  return {
    tcbInfo: body('tcbInfo', 'tcb_info', 'tcb_info_signature'),
    tcbInfoIssuerChain: utf8(text('tcb_info_issuer_chain')),
    qeIdentity: body('enclaveIdentity', 'qe_identity', 'qe_identity_signature'),
    qeIdentityIssuerChain: utf8(text('qe_identity_issuer_chain')),
    rootCaCrl: fromHex(text('root_ca_crl')),
    pckCrl: fromHex(text('pck_crl')),
    pckCrlIssuerChain: utf8(text('pck_crl_issuer_chain')),
  }
}

/** The root's revocation list; every other check of Intel's certificates needs it. */
export async function verifyRootCrl(
  collateral: TdxCollateral,
  root: Certificate,
  atMs: number,
): Promise<Crl> {
  const crl = readCrl(collateral.rootCaCrl)
  await verifyCrl(crl, root, atMs)
  refuseRevoked(root, crl)
  return crl
}

/** TCB info, signed by Intel's TCB signer and in force. */
export async function verifyTcbInfo(
  collateral: TdxCollateral,
  root: Certificate,
  rootCrl: Crl,
  atMs: number,
): Promise<TcbInfo> {
  const info = readTcbInfo(collateral.tcbInfo)
  await verifySigned(info, collateral.tcbInfoIssuerChain, root, rootCrl, atMs, 'TCB_INFO', 'the TCB info')
  return info
}

/** The QE's identity, signed and in force likewise. */
export async function verifyQeIdentity(
  collateral: TdxCollateral,
  root: Certificate,
  rootCrl: Crl,
  atMs: number,
): Promise<QeIdentity> {
  const identity = readQeIdentity(collateral.qeIdentity)
  await verifySigned(
    identity,
    collateral.qeIdentityIssuerChain,
    root,
    rootCrl,
    atMs,
    'QE_IDENTITY',
    'the QE identity',
  )
  return identity
}

async function verifySigned(
  document: SignedDocument,
  pem: Uint8Array,
  root: Certificate,
  rootCrl: Crl,
  atMs: number,
  code: string,
  what: string,
): Promise<void> {
  const chain = readPemCertificates(pem).map(readCertificate)
  const path = await verifyChain(chain, root, atMs)
  const signer = path[0]!
  // Intel's root certifies other leaves too, and none of them may speak for the TCB.
  if (path.length !== 2 || commonNameOf(signer) !== 'Intel SGX TCB Signing') {
    throw refuse('CHAIN_INVALID', `${what} is not signed by Intel’s TCB signer`)
  }
  refuseRevoked(signer, rootCrl)
  if (!(await verifyRaw(signer.publicKey, 'ecdsa-p256-sha256', document.signature, document.signed))) {
    throw refuse('SIGNATURE_INVALID', `the signature on ${what} does not hold`)
  }
  if (atMs < document.issueDateMs) {
    throw refuse(`${code}_NOT_YET_VALID`, `${what} is newer than the time of verification`)
  }
  if (!(atMs <= document.nextUpdateMs)) {
    throw refuse(
      `${code}_EXPIRED`,
      `${what} was in force until ${new Date(document.nextUpdateMs).toISOString()}`,
    )
  }
}

/**
 * The certificate of the platform's key, up to Intel's root and unrevoked.
 * @returns the path, PCK certificate first
 */
export async function verifyPckChain(
  pem: Uint8Array,
  collateral: TdxCollateral,
  root: Certificate,
  rootCrl: Crl,
  atMs: number,
): Promise<readonly Certificate[]> {
  const path = await verifyPckPath(pem, root, atMs)
  const [pck, authority] = path
  refuseRevoked(authority!, rootCrl)
  const crl = readCrl(collateral.pckCrl)
  await verifyCrl(crl, await crlIssuer(collateral, authority!, root, rootCrl, atMs), atMs)
  refuseRevoked(pck!, crl)
  return path
}

/** As {@link verifyPckChain} without asking what was revoked: no more than whose platform it says it is. */
export async function verifyPckPath(
  pem: Uint8Array,
  root: Certificate,
  atMs: number,
): Promise<readonly Certificate[]> {
  const path = await verifyChain(readPemCertificates(pem, 'c-string').map(readCertificate), root, atMs)
  const roles = path.map(commonNameOf)
  if (
    path.length !== 3 ||
    roles[0] !== 'Intel SGX PCK Certificate' ||
    (roles[1] !== 'Intel SGX PCK Platform CA' && roles[1] !== 'Intel SGX PCK Processor CA')
  ) {
    throw refuse('CHAIN_INVALID', 'the quote is not certified the way Intel certifies platforms')
  }
  return path
}

async function crlIssuer(
  collateral: TdxCollateral,
  authority: Certificate,
  root: Certificate,
  rootCrl: Crl,
  atMs: number,
): Promise<Certificate> {
  if (collateral.pckCrlIssuerChain === undefined) return authority
  const given = readPemCertificates(collateral.pckCrlIssuerChain).map(readCertificate)
  const [issuer] = await verifyChain(given, root, atMs, 'authority')
  refuseRevoked(issuer!, rootCrl)
  const same =
    equalBytes(issuer!.subject, authority.subject) &&
    equalBytes(issuer!.publicKey.spki, authority.publicKey.spki)
  if (!same) throw refuse('CRL_INVALID', 'a revocation list is of another authority than the quote’s')
  return issuer!
}
