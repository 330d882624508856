import { fromBase64 } from '../bytes.ts'
import { refuse } from './verified.ts'

const beginLine = '-----BEGIN CERTIFICATE-----'
const endLine = '-----END CERTIFICATE-----'

/** No chain of any of the platforms has more. */
const certificatesMax = 8
const bytesMax = 65_536

/**
 * Certificates of a PEM text, strictly: nothing between or around them but line ends, lines of 64 characters,
 * canonical base64. Several texts for one certificate would let a change pass unseen.
 * @param end what may stand after the last line: an empty line in a file; a NUL in a quote (a C string), with or without
 *   the end of its last line
 * @throws {VerificationError} `PEM_INVALID`
 */
export function readPemCertificates(bytes: Uint8Array, end: 'file' | 'c-string' = 'file'): Uint8Array[] {
  if (bytes.length > bytesMax) throw invalid('it is too large')
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  const whole = end === 'file' ? text.replace(/\n\n$/, '\n') : text.replace(/-\n?\0$/, '-\n')
  const lines = whole.split(text.includes('\r') ? '\r\n' : '\n')
  if (lines.at(-1) === '') lines.pop()
  const certificates: Uint8Array[] = []
  let body: string[] | null = null
  for (const line of lines) {
    if (body === null) {
      if (line !== beginLine) throw invalid('something else than a certificate is in it')
      body = []
    } else if (line === endLine) {
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
