import { createHash } from 'node:crypto'

/**
 * Which of our addresses asks for an account. Exchanges count requests by address, so more addresses keep more accounts
 * fresh. Each account belongs to the address whose hash with it is the highest: where one is added or taken away only the
 * accounts that it wins or loses move.
 */
export function addressFor(account: string, addresses: readonly string[]): number {
  let best = 0
  let bestScore: Buffer | null = null
  for (const [index, address] of addresses.entries()) {
    const score = createHash('sha256').update(`perf-agg/egress/v1\0${address}\0${account}`).digest()
    if (bestScore === null || Buffer.compare(score, bestScore) > 0) {
      best = index
      bestScore = score
    }
  }
  return best
}
