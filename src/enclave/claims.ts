import { createHash, timingSafeEqual, type Hash } from 'node:crypto'
import { attestationProfile, canonicalBytes, utf8, type Claims, type PublicJwk } from '@perf-agg/sdk'

/** Seconds back for which a claims digest is still known: a quote older than that has to be fetched anew. */
export const claimsWindowS = 360

/** What every quote of one start says, apart from nonce, time and box key. */
export type StandingClaims = Omit<Claims, 'eat_profile' | 'eat_nonce' | 'iat' | 'enc_key' | 'config'> & {
  readonly config: object
}

/** The claims but for their second: one quote's, or those a client says it saw. */
export interface ClaimsFrame {
  /** Canonical bytes before and after the digits of `iat`. */
  readonly before: Uint8Array
  readonly after: Uint8Array
}

/**
 * Canonical JSON sorts its members, so that all that is large (`config`) stands before `iat` and all behind it is
 * small: what was hashed once up to there is hashed once for all seconds.
 */
export function frameOf(
  standing: StandingClaims,
  boxKey: PublicJwk<'X25519'>,
  nonce: string | null,
): ClaimsFrame {
  const { mounted_key: mounted, ...rest } = standing
  const whole = canonicalBytes({
    ...rest,
    ...(mounted === null ? {} : { mounted_key: mounted }),
    eat_profile: attestationProfile,
    eat_nonce: nonce,
    enc_key: boxKey,
    iat: 0,
  })
  // the members behind `iat` are keys, names and versions of fixed shape, none of them called so
  const at = Buffer.from(whole).lastIndexOf('"iat":0') + '"iat":'.length
  return { before: whole.slice(0, at), after: whole.slice(at + 1) }
}

/** The exact bytes that are hashed, sent and appraised. `iat` in seconds since 1970. */
export function claimsBytes(frame: ClaimsFrame, iat: number): Uint8Array {
  return Buffer.concat([frame.before, utf8(String(iat)), frame.after])
}

/**
 * Whether `digest` is that of these claims at one of the last 360 seconds. Nothing has to be remembered of a quote
 * for this: who asks for many costs no memory.
 */
export function claimsShown(frame: ClaimsFrame, digest: string, nowMs: number): boolean {
  const match = /^sha256:([0-9a-f]{64})$/.exec(digest)
  if (match?.[1] === undefined) return false
  const wanted = Buffer.from(match[1], 'hex')
  const start: Hash = createHash('sha256').update(frame.before)
  const nowS = Math.floor(nowMs / 1_000)
  for (let iat = nowS; iat > nowS - claimsWindowS; iat -= 1) {
    if (timingSafeEqual(start.copy().update(String(iat)).update(frame.after).digest(), wanted)) return true
  }
  return false
}
