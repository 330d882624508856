import {
  editionOf,
  editionSignedBytes,
  type EditionNames,
  parseJson,
  parseLeaf,
  parseStatement,
  type Statement,
  statementLeaf,
} from '@perf-agg/sdk'
import { leafOfStatement } from '../../log/leaf.ts'
import type { Issued } from '../../statement/claim.ts'
import type { Signer } from '../../statement/signer.ts'
import type { NewStatement, StatementRow, Store } from '../../store/store.ts'

/**
 * Public editions: what may be shown of a statement to everybody is signed with it, by the same key and in the same
 * moment, whether it is ever shown or not. Signed later it would be by another key, which vouches for less.
 */
export async function withEditions(
  store: Pick<Store, 'statementByDigest'>,
  signer: Signer,
  issued: readonly Issued[],
): Promise<readonly NewStatement[]> {
  const commitments = new Map<string, string | null>()
  const commitmentOf = async (digest: string): Promise<string | null> => {
    const known = commitments.get(digest)
    if (known !== undefined) return known
    const row = await store.statementByDigest(digest)
    const found = row === null ? null : await commitmentOfRow(row)
    commitments.set(digest, found)
    return found
  }
  const statements: NewStatement[] = []
  for (const each of issued) {
    const leaf = leafOfStatement(each)
    commitments.set(each.digest, commitmentIn(leaf.entry))
    const statement = parseStatement(parseJson(each.body))
    const names = await namesOf(statement, each, commitmentOf)
    statements.push({
      ...each,
      leaf,
      ...(names === null
        ? {}
        : { editionSignature: await signer.sign(editionSignedBytes(editionOf(statement, names))) }),
    })
  }
  return statements
}

/** Null where a statement it has to name is in no log. */
export async function namesOf(
  { metadata }: Statement,
  { digest, previous }: { readonly digest: string; readonly previous: string | null },
  commitmentOf: (digest: string) => Promise<string | null>,
): Promise<EditionNames | null> {
  const statement = await commitmentOf(digest)
  const before = previous === null ? null : await commitmentOf(previous)
  const corrected = metadata.type === 'correction' ? metadata.correction.corrects : []
  const corrects = await Promise.all(corrected.map(commitmentOf))
  const known = corrects.filter((commitment) => commitment !== null)
  if (statement === null || (previous !== null && before === null) || known.length < corrects.length)
    return null
  return { statement, previous: before, corrects: known }
}

/** Null of one that is in no log. */
export async function commitmentOfRow({
  account,
  sequence,
  digest,
  leaf,
}: Pick<StatementRow, 'account' | 'sequence' | 'digest' | 'leaf'>): Promise<string | null> {
  return leaf === null ? null : (await statementLeaf(account, sequence, leaf.salt, digest)).commitment
}

function commitmentIn(entry: Uint8Array): string | null {
  const leaf = parseLeaf(entry)
  return leaf.leaf === 'statement' ? leaf.commitment : null
}
