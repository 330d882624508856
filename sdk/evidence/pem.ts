import { fromBase64 } from '../bytes.ts'
import { refuse } from './verified.ts'

const begin = '-----BEGIN CERTIFICATE-----'
const end = '-----END CERTIFICATE-----'

/** No chain of any of the platforms has more. */
const certificatesMax = 8
const bytesMax = 65_536

/**
 * Certificates of a PEM text, strictly: nothing between or around them but line ends, lines of 64 characters,
 * canonical base64. Several texts for one certificate would let a change pass unseen.
 * A last NUL is taken: quotes carry their chains as C strings.
 * @throws {VerificationError} `PEM_INVALID`
 */
export function readPemCertificates(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length > bytesMax) throw invalid('it is too large')
  const withoutNul = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes
  let text = ''
  for (const byte of withoutNul) text += String.fromCharCode(byte)
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  const certificates: Uint8Array[] = []
  let body: string[] | null = null
  for (const line of lines) {
    if (body === null) {
      if (line === '') continue
      if (line !== begin) throw invalid('something else than a certificate is in it')
      body = []
    } else if (line === end) {
      certificates.push(decode(body))
      if (certificates.length > certificatesMax) throw invalid('it holds too many certificates')
      body = null
    } else body.push(line)
  }
  if (body !== null) throw invalid('a certificate has no end')
  return certificates
}

function decode(lines: readonly string[]): Uint8Array {
  lines.forEach((line, index) => {
    const isLast = index === lines.length - 1
    if (line.length > 64 || line.length === 0 || (!isLast && line.length !== 64)) {
      throw invalid('a line of the wrong length is in it')
    }
  })
  try {
    return fromBase64(lines.join(''))
  } catch {
    throw invalid('it is not base64')
  }
}

function invalid(why: string): Error {
  return refuse('PEM_INVALID', `the certificates are not strict PEM: ${why}`)
}
