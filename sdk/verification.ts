import { fromBase64 } from './bytes.ts'
import type { Bucket, ExactBucket, Totals } from './bucket.ts'
import { exactTotals, wireBucket, wireTotals } from './bucket.ts'
import { canonicalize } from './canonical.ts'
import type { LinkMetadata } from './edition.ts'
import { thumbprint } from './key.ts'
import { verifySignature } from './signature.ts'
import type { Contract, Statement } from './statement.ts'
import { enclaveSignedBytes, signedBytes, statementDigest } from './statement.ts'
import type { Source } from './source.ts'
import type { Step } from './step.ts'
import { affirm, contraindicate, warn } from './step.ts'
import { hourMs, parseInstant } from './time.ts'

/** A key that statements may be signed with, and who holds it: that decides what its signature is worth. */
export interface StatementKey {
  readonly publicKey: Uint8Array
  /** `enclave`: vouched for by evidence. `operator`: mounted from outside (AGGREGATOR_PRIVATE_KEY). */
  readonly holder: 'enclave' | 'operator'
}

/**
 * Looks at one statement on its own, step by step: signatures, figures, coverage. (Its place in the chain is
 * `verifyLink`'s, its key's evidence `appraise`'s.) Never throws for anything in the statement.
 */
export async function verifyStatement(
  statement: Statement,
  keys: readonly StatementKey[],
): Promise<readonly Step[]> {
  return [
    ...(await judgeSignatures(statement, keys)),
    judgeBuckets(statement),
    judgeTotals(statement),
    judgeCoverage(statement),
    judgeTimes(statement),
    ...judgeLists([statement.metadata.source]),
  ]
}

/** What exchanges kept from whoever read the account: no doubt about what is stated, and to be known beside it. */
export function judgeLists(sources: readonly Pick<Source, 'unavailable'>[]): readonly Step[] {
  const lists = [...new Set(sources.flatMap(({ unavailable }) => unavailable ?? []))].toSorted()
  if (lists.length === 0) return []
  const detail = `the exchange did not tell of ${lists.join(', ')}: what moved there shows as unreconciled`
  return [affirm('lists', detail)]
}

/** A body of the minimal profile: its signature and sums may hold, and still nothing in it can be recomputed. */
export async function verifyContract(
  contract: Contract,
  keys: readonly StatementKey[],
): Promise<readonly Step[]> {
  const signed = await signerOf(keys, signedBytes(contract), contract.signature)
  return [
    signed === undefined
      ? contraindicate('signature', 'SIGNATURE_INVALID', 'the signature is by none of the keys given')
      : affirm('signature', `signed by the ${signed.holder}'s key`),
    sumsHold(contract)
      ? affirm('totals', 'the totals are the sums of the hours')
      : contraindicate('totals', 'TOTALS_MISMATCH', 'the totals are not the sums of the hours'),
    contraindicate(
      'statement',
      'NOT_A_STATEMENT',
      'a minimal body has no metadata: its source, place and coverage are unknown',
    ),
  ]
}

/** Is `next` the link that follows `previous` in the chain of one account? Null is before the first. */
export async function verifyLink(previous: Statement | null, next: Statement): Promise<readonly Step[]> {
  const before =
    previous === null ? null : { metadata: previous.metadata, name: await statementDigest(previous) }
  return judgeLink(before, next.metadata)
}

/** The same for statements and their editions: `name` is what the next link calls it. */
export function judgeLink(
  previous: { readonly metadata: LinkMetadata; readonly name: string } | null,
  next: LinkMetadata,
): readonly Step[] {
  const { account, sequence, previous: named } = next
  if (previous === null) {
    return [
      sequence === 1
        ? affirm('chain', 'the first statement of its account')
        : contraindicate('chain', 'CHAIN_START_MISSING', `statements 1 to ${sequence - 1} are missing`),
    ]
  }
  const before = previous.metadata
  if (account !== before.account) {
    return [contraindicate('chain', 'CHAIN_ACCOUNT_CHANGED', 'the statements are of two accounts')]
  }
  if (sequence !== before.sequence + 1) {
    return [
      contraindicate('chain', 'CHAIN_BROKEN', `statement ${sequence} does not follow ${before.sequence}`),
    ]
  }
  if (named !== previous.name) {
    return [
      contraindicate('chain', 'CHAIN_BROKEN', `statement ${sequence} follows another ${before.sequence}`),
    ]
  }
  if (parseInstant(next.issued_at) < parseInstant(before.issued_at)) {
    return [
      contraindicate('chain', 'CHAIN_TIME_REVERSED', `statement ${sequence} is older than the one before`),
    ]
  }
  const dropped = before.scope.filter((wallet) => !next.scope.includes(wallet))
  if (dropped.length > 0) {
    return [contraindicate('scope', 'SCOPE_SHRUNK', `${dropped.join(', ')} is no longer watched`)]
  }
  return [affirm('chain', `statement ${sequence} follows ${before.sequence}`)]
}

async function signerOf(
  keys: readonly StatementKey[],
  message: Uint8Array,
  signature: string,
): Promise<StatementKey | undefined> {
  const bytes = fromBase64(signature)
  for (const key of keys) {
    if (await verifySignature(key.publicKey, message, bytes)) return key
  }
  return undefined
}

/**
 * Without a mounted key `signature` is by the enclave's own `key_id`. With one it is the operator's, who could sign
 * anything, and only `enclave_signature` by `key_id` is worth something.
 */
async function judgeSignatures(
  statement: Statement,
  keys: readonly StatementKey[],
): Promise<readonly Step[]> {
  const { enclave_signature: enclaveSignature, key_id: keyId } = statement.metadata
  const enclaveKeys: StatementKey[] = []
  for (const key of keys) {
    if (key.holder === 'enclave' && (await thumbprint(key.publicKey)) === keyId) enclaveKeys.push(key)
  }
  if (enclaveSignature === undefined) {
    const signer = await signerOf(
      [...enclaveKeys, ...keys.filter((key) => key.holder === 'operator')],
      signedBytes(statement),
      statement.signature,
    )
    if (signer === undefined) return [unsigned('signature', enclaveKeys)]
    return signer.holder === 'enclave'
      ? [affirm('signature', 'signed by the enclave')]
      : [affirm('signature', "signed by the operator's key"), couldForge()]
  }
  const operator = keys.filter((key) => key.holder === 'operator')
  const wire = await signerOf(operator, signedBytes(statement), statement.signature)
  const enclave = await signerOf(enclaveKeys, enclaveSignedBytes(statement), enclaveSignature)
  const enclaveStep =
    enclave !== undefined
      ? affirm('enclave-signature', 'signed by the enclave')
      : enclaveKeys.length > 0
        ? unsigned('enclave-signature', enclaveKeys)
        : couldForge()
  if (operator.length === 0) {
    return [
      warn(
        'signature',
        'OPERATOR_KEY_UNKNOWN',
        "the operator's key was not given: its signature is not checked",
      ),
      enclaveStep,
    ]
  }
  return [
    wire === undefined
      ? contraindicate('signature', 'SIGNATURE_INVALID', "the signature is not by the operator's key")
      : affirm('signature', "signed by the operator's key"),
    enclaveStep,
  ]
}

function unsigned(name: string, known: readonly StatementKey[]): Step {
  return known.length === 0
    ? contraindicate(name, 'KEY_UNKNOWN', 'the key it names is none of those given')
    : contraindicate(name, 'SIGNATURE_INVALID', 'the signature does not hold: something was changed')
}

function couldForge(): Step {
  return contraindicate(
    'enclave-signature',
    'OPERATOR_COULD_FORGE',
    "only the operator's key vouches for it, and its operator could sign anything",
  )
}

function judgeBuckets(statement: Statement): Step {
  const exact = statement.metadata.exact.hourly_buckets
  const buckets = statement.hourly_buckets
  const wrong =
    exact.length === buckets.length
      ? exact.findIndex((each, index) => !bucketHolds(each, buckets[index]!))
      : 0
  return wrong === -1
    ? affirm('buckets', `the figures of ${buckets.length} hours are those of their exact amounts`)
    : contraindicate('buckets', 'BUCKET_MISMATCH', `hour ${wrong + 1} differs from its exact amounts`)
}

function bucketHolds(exact: ExactBucket, bucket: Bucket): boolean {
  return (
    (bucket.return_pct === null) === (exact.return_reason !== null) &&
    canonicalize(wireBucket(exact, bucket.return_pct)) === canonicalize(bucket)
  )
}

function judgeTotals(statement: Statement): Step {
  const { exact } = statement.metadata
  const recomputed = exactTotals(exact.hourly_buckets)
  return canonicalize(recomputed) === canonicalize(exact.totals) &&
    canonicalize(wireTotals(recomputed)) === canonicalize(statement.totals)
    ? affirm('totals', 'the totals are the exact sums of the hours')
    : contraindicate('totals', 'TOTALS_MISMATCH', 'the totals are not the sums of the hours')
}

function judgeCoverage(statement: Statement): Step {
  const { metadata } = statement
  const { coverage, exact, type } = metadata
  const hours = exact.hourly_buckets
  const origins = new Set(hours.map((hour) => hour.origin))
  const count = (origin: ExactBucket['origin']): number =>
    hours.filter((hour) => hour.origin === origin).length
  if (
    count('observed') !== coverage.observed ||
    count('recovered') !== coverage.recovered ||
    count('backfilled') !== coverage.backfilled
  ) {
    return coverageMismatch('the coverage counts other hours than the statement holds')
  }
  if (type === 'period' && (origins.size !== 1 || coverage.hours_expected !== hours.length)) {
    return coverageMismatch('a period holds hours of one origin, every one of them')
  }
  const open = hours.filter((hour) => (hour.unreconciled?.length ?? 0) > 0).map((hour) => hour.t)
  if (
    canonicalize(open) !== canonicalize(coverage.unreconciled) ||
    (coverage.reconciled && open.length > 0)
  ) {
    return coverageMismatch('the hours with unexplained changes are not the ones it names')
  }
  if (coverage.gaps.some((gap) => !within(statement, gap.from, gap.to))) {
    return coverageMismatch('a gap lies outside the period')
  }
  if (type === 'gap' && !coversAll(statement)) return coverageMismatch('the gaps do not fill the period')
  return affirm('coverage', hours.length === 0 ? 'no hours to cover' : `${hours.length} hours, none left out`)
}

function coverageMismatch(detail: string): Step {
  return contraindicate('coverage', 'COVERAGE_MISMATCH', detail)
}

function within(statement: Statement, from: string, to: string): boolean {
  return (
    parseInstant(from) >= parseInstant(statement.period_start) &&
    parseInstant(to) <= parseInstant(statement.period_end)
  )
}

function coversAll(statement: Statement): boolean {
  let reachedMs = parseInstant(statement.period_start)
  for (const gap of statement.metadata.coverage.gaps) {
    if (parseInstant(gap.from) !== reachedMs) return false
    reachedMs = parseInstant(gap.to)
  }
  return reachedMs === parseInstant(statement.period_end)
}

function judgeTimes(statement: Statement): Step {
  const issuedMs = parseInstant(statement.metadata.issued_at)
  // A statement about hours can't be made before they are over.
  return statement.hourly_buckets.every((bucket) => parseInstant(bucket.t) + hourMs <= issuedMs)
    ? affirm('time', `issued ${statement.metadata.issued_at}, after all that it states`)
    : contraindicate('time', 'ISSUED_TOO_EARLY', 'it states hours that were not over when it was issued')
}

/** Without exact amounts a sum of n doubles may be off by n units in the last place. */
function sumsHold(contract: Contract): boolean {
  const { hourly_buckets: buckets, totals } = contract
  const near = (name: keyof Totals): boolean => {
    const sum = buckets.reduce((total, bucket) => total + bucket[name], 0)
    const size = buckets.reduce((largest, bucket) => largest + Math.abs(bucket[name]), 0)
    return Math.abs(sum - totals[name]) <= size * Number.EPSILON * Math.max(buckets.length, 1)
  }
  return near('trades') && near('volume_base') && near('volume_quote') && near('fees_usd')
}
