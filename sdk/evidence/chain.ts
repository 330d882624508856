import { equalBytes } from '../bytes.ts'
import { verifyDer } from './public-key.ts'
import { refuse } from './verified.ts'
import type { Certificate } from './x509.ts'

/**
 * A certificate path in the order leaf, intermediates, root. `root` is the pinned one; the path given may end with
 * it or with the certificate below it, but with no other root. All of RFC 5280's path rules that these chains can
 * break: signature, names, validity, CA flag, path length, key usage, key identifiers.
 * `leafKind` authority: the first certificate is itself an authority, e.g. one that signs revocation lists.
 * @returns the whole path, root included
 * @throws {VerificationError} `CHAIN_INVALID`, `CHAIN_ROOT_UNKNOWN`, `CHAIN_SIGNATURE_INVALID`,
 *   `CERTIFICATE_EXPIRED`, `CERTIFICATE_NOT_YET_VALID`
 */
export async function verifyChain(
  given: readonly Certificate[],
  root: Certificate,
  atMs: number,
  leafKind: 'signer' | 'authority' = 'signer',
): Promise<readonly Certificate[]> {
  const last = given.at(-1)
  if (last === undefined) throw refuse('CHAIN_INVALID', 'the certificate chain is empty')
  const path = equalBytes(last.der, root.der) ? given : [...given, root]
  if (path.length < 2 || path.length > pathMax) {
    throw refuse('CHAIN_INVALID', `the certificate chain has ${path.length} certificates`)
  }
  if (!equalBytes(path.at(-2)!.issuer, root.subject)) {
    throw refuse('CHAIN_ROOT_UNKNOWN', 'the certificate chain does not end at the pinned root of the maker')
  }
  path.forEach((certificate, index) => checkPlace(certificate, index, atMs, leafKind))
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    await checkLink(certificate, path[index + 1]!)
  }
  return path
}

const pathMax = 6

/** What a certificate must be by itself at its place; 0 is the leaf. */
function checkPlace(
  certificate: Certificate,
  index: number,
  atMs: number,
  leafKind: 'signer' | 'authority',
): void {
  if (atMs < certificate.notBeforeMs) {
    throw refuse(
      'CERTIFICATE_NOT_YET_VALID',
      `a certificate is not valid before ${date(certificate.notBeforeMs)}`,
    )
  }
  if (!(atMs <= certificate.notAfterMs)) {
    throw refuse('CERTIFICATE_EXPIRED', `a certificate was valid until ${date(certificate.notAfterMs)}`)
  }
  const { basicConstraints, keyUsage } = certificate
  if (index === 0 && leafKind === 'signer') {
    if (basicConstraints?.ca === true || keyUsage?.certificateSign === true) {
      throw refuse('CHAIN_INVALID', 'the key that signed the evidence is a certificate authority')
    }
    if (keyUsage !== null && !keyUsage.digitalSignature) {
      throw refuse('CHAIN_INVALID', 'the key that signed the evidence is not one for signatures')
    }
    return
  }
  if (basicConstraints?.ca !== true) {
    throw refuse('CHAIN_INVALID', 'a certificate in the chain is no certificate authority')
  }
  if (keyUsage?.certificateSign !== true) {
    throw refuse('CHAIN_INVALID', 'a certificate in the chain must not sign certificates')
  }
  const below = leafKind === 'signer' ? index - 1 : index
  if (basicConstraints.pathLength !== null && below > basicConstraints.pathLength) {
    throw refuse('CHAIN_INVALID', 'the certificate chain is longer than one of its authorities allows')
  }
}

async function checkLink(certificate: Certificate, issuer: Certificate): Promise<void> {
  if (!equalBytes(certificate.issuer, issuer.subject)) {
    throw refuse('CHAIN_INVALID', 'a certificate names another issuer than the next one in the chain')
  }
  const { authorityKeyId } = certificate
  if (
    authorityKeyId !== null &&
    issuer.subjectKeyId !== null &&
    !equalBytes(authorityKeyId, issuer.subjectKeyId)
  ) {
    throw refuse('CHAIN_INVALID', 'a certificate names another key of its issuer')
  }
  const { signatureAlgorithm, signature, tbs } = certificate
  if (!(await verifyDer(issuer.publicKey, signatureAlgorithm, signature, tbs))) {
    throw refuse('CHAIN_SIGNATURE_INVALID', 'the signature on a certificate in the chain does not hold')
  }
}

function date(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
