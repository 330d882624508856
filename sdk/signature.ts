/**
 * Ed25519 verification with one stated policy, the same in the daemon, the CLI and every client, so that no two of
 * them can disagree about a signature:
 *
 * - the cofactorless equation of RFC 8032 §5.1.7, as OpenSSL, BoringSSL and WebCrypto implement it;
 * - S is less than the group order L;
 * - the public key A and R are canonical encodings (y < p) and no points of small order.
 *
 * The equation is WebCrypto's; the rest are checks on bytes, made here because implementations differ on them.
 * @see https://hdevalence.ca/blog/2020-10-04-its-25519am
 */
export async function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (!isAcceptedPoint(publicKey) || !isAcceptedPoint(signature.subarray(0, 32))) return false
  if (!isBelow(signature.subarray(32), groupOrder)) return false
  const key = await importedKey(publicKey)
  if (key === null) return false
  return crypto.subtle.verify(
    'Ed25519',
    key,
    signature as Uint8Array<ArrayBuffer>,
    message as Uint8Array<ArrayBuffer>,
  )
}

/** Is this the canonical encoding of a point that is not of small order? (Not: is it on the curve.) */
export function isAcceptedPoint(encoded: Uint8Array): boolean {
  const y = Uint8Array.from(encoded)
  y[31] = y[31]! & 0x7f
  return (
    isBelow(y, fieldPrime) && !smallOrder.some((point) => point.every((byte, index) => byte === y[index]))
  )
}

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const groupOrder = littleEndian('1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed')

/** p = 2^255 - 19, little-endian. */
const fieldPrime = littleEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed')

/** The y of every point whose order divides 8, each for both signs of x. */
const smallOrder: readonly Uint8Array[] = [
  littleEndian('00'),
  littleEndian('01'),
  littleEndian('7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec'),
  littleEndian('05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826'),
  littleEndian('7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7'),
]

function littleEndian(bigEndianHex: string): Uint8Array {
  const hex = bigEndianHex.padStart(64, '0')
  return Uint8Array.from({ length: 32 }, (_, index) => Number.parseInt(hex.substr(62 - index * 2, 2), 16))
}

function isBelow(value: Uint8Array, bound: Uint8Array): boolean {
  for (let index = 31; index >= 0; index -= 1) {
    if (value[index] !== bound[index]) return value[index]! < bound[index]!
  }
  return false
}

const importedMax = 64
const imported = new Map<string, CryptoKey>()

/** A record is checked by few keys many times: the imported ones are kept. Null where it is no point at all. */
async function importedKey(publicKey: Uint8Array): Promise<CryptoKey | null> {
  const name = String.fromCharCode(...publicKey)
  const known = imported.get(name)
  if (known !== undefined) return known
  try {
    const raw = publicKey as Uint8Array<ArrayBuffer>
    const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify'])
    if (imported.size >= importedMax) imported.clear()
    imported.set(name, key)
    return key
  } catch (error) {
    // DataError: not a point. Anything else (an old browser without Ed25519) must not look like a bad signature.
    if (error instanceof DOMException && error.name === 'DataError') return null
    throw error
  }
}
