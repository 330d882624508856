import { hourMs } from '@perf-agg/sdk'
import { leafOfStatement } from '../../src/log/leaf.ts'
import { Publisher } from '../../src/log/publisher.ts'
import { Witness } from '../../src/log/witness.ts'
import type { Claim } from '../../src/statement/claim.ts'
import type { Store } from '../../src/store/store.ts'
import { account, hour, issuer, startMs, subject, testSigner } from '../statement/fixture.ts'

/** What the daemon does to its disk when it states something, with keys that tests know. */

export const logSigner = testSigner(11)
/** A log of so many leaves: the next one completes a tile. */
export const baseLeaves = 255

export function claimOf(sequence: number): Claim {
  const atMs = startMs + sequence * hourMs
  if (sequence === 1) return { type: 'registered', atMs }
  return sequence % 3 === 0
    ? { type: 'gap', gaps: [{ fromMs: atMs, toMs: atMs + hourMs, reason: 'exchange-unreachable' }] }
    : { type: 'period', hours: [hour(sequence)] }
}

/** Signs the account's next statement and stores it with its leaf. Resolves with its sequence once it is durable. */
export async function append(store: Store): Promise<number> {
  const row = (await store.account(account))!
  const claim = claimOf(row.head.sequence + 1)
  const nowMs = startMs + (row.head.sequence + 2) * hourMs + 90_000
  const issued = await issuer({ lastSignedMs: await store.lastSignedMs() }).issue(
    subject,
    row.head,
    claim,
    nowMs,
  )
  await store.commit((tx) => tx.appendStatement({ ...issued, leaf: leafOfStatement(issued) }), {
    urgent: claim.type === 'gap',
  })
  return issued.sequence
}

export async function publisherOf(store: Store, origin: string, witnessEntry: string): Promise<Publisher> {
  const [vkey = '', url = null] = witnessEntry.split(' ')
  const witness = await Witness.open({ vkey, url }, store)
  return new Publisher({
    origin,
    signer: { publicKey: logSigner.publicKey, sign: async (message) => logSigner.sign(message) },
    source: store,
    keep: (checkpoint) => store.commit((tx) => tx.putCheckpoint(checkpoint)),
    witnesses: witness === null ? [] : [witness],
    onTrouble: () => {},
  })
}
