import { InputError } from './errors.ts'

/**
 * Sealed boxes: libsodium's `crypto_box_seal` (X25519, XSalsa20-Poly1305), anonymous and to one key. The library is
 * WebAssembly and by far the largest part of this package, so it is loaded when first a box is made or opened:
 * verification never needs it.
 */
export interface BoxKeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** An ephemeral public key and a tag: what a box is longer than its content. */
export const boxOverheadBytes = 48

type Sodium = (typeof import('libsodium-wrappers'))['default']

let loading: Promise<Sodium> | null = null

/** Resolves once boxes can be made at once; called by every function here, and early by who wants to be quick. */
export async function readyBoxes(): Promise<void> {
  await sodium()
}

async function sodium(): Promise<Sodium> {
  loading ??= import('libsodium-wrappers').then(async (module) => {
    await module.default.ready
    return module.default
  })
  return loading
}

export async function newBoxKeyPair(): Promise<BoxKeyPair> {
  const { publicKey, privateKey } = (await sodium()).crypto_box_keypair()
  return { publicKey, secretKey: privateKey }
}

/** The public key of a secret key. */
export async function boxPublicKey(secretKey: Uint8Array): Promise<Uint8Array> {
  if (secretKey.length !== 32) throw new InputError('BOX_KEY_INVALID', 'a box key has 32 bytes')
  return (await sodium()).crypto_scalarmult_base(secretKey)
}

/** @throws {InputError} `BOX_KEY_INVALID` for a key that is none, or one of low order (anybody could open the box) */
export async function sealBox(publicKey: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> {
  const library = await sodium()
  try {
    return library.crypto_box_seal(plaintext, publicKey)
  } catch {
    throw new InputError('BOX_KEY_INVALID', 'not a key that a box can be sealed to')
  }
}

/**
 * The content, or null: one answer for every cause (too short, cut off, altered, another key, an ephemeral key of
 * low order), so that nobody learns anything by trying.
 */
export async function openBox(
  publicKey: Uint8Array,
  secretKey: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array | null> {
  const library = await sodium()
  try {
    return library.crypto_box_seal_open(sealed, publicKey, secretKey)
  } catch {
    return null
  }
}

/**
 * Overwrites what opening left in the library's own memory, which frees without clearing: a larger dummy box of
 * zeros goes over it. (It is refused at once, its key being zero.) `bytesMax` is the size of the largest box opened
 * since the last call.
 */
export async function wipeBoxMemory(bytesMax: number): Promise<void> {
  const zeroKey = new Uint8Array(32)
  // Twice: the sealed bytes and the plaintext lie side by side. The rest is for keys and the allocator's own.
  await openBox(zeroKey, zeroKey, new Uint8Array(2 * bytesMax + 4_096))
}

/** Overwrites bytes that are no longer needed. What JavaScript copied of them before is out of reach. */
export function wipeBytes(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0)
}
