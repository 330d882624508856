import {
  canonicalize,
  type Bucket,
  type ExactBucket,
  type Metadata,
  type StatementBody,
  type Totals,
} from '@perf-agg/sdk'

/**
 * The RFC 8785 form of a body without signatures, cut where the two signatures stand:
 * `beforeEnclave + beforeWire + rest` is the whole, `"enclave_signature":"…",` goes after the first part and
 * `"signature":"…",` after the second. So the form is written once and both signatures are put in without a second
 * pass. Members are written in their sorted order by hand, which is several times faster than sorting them at each
 * statement; a test holds it to the general form.
 */
export interface Form {
  readonly beforeEnclave: string
  readonly beforeWire: string
  readonly rest: string
}

export function formOf(body: StatementBody): Form {
  const { metadata } = body
  return {
    beforeEnclave:
      `{"client_id":${quote(body.client_id)},"connector_version":${quote(body.connector_version)}` +
      `,"exchange":${quote(body.exchange)},"hourly_buckets":${list(body.hourly_buckets, bucket)}` +
      `,"metadata":{"account":"${metadata.account}","client_accounts":${metadata.client_accounts}` +
      `${metadata.type === 'closed' ? `,"closed":${canonicalize(metadata.closed)}` : ''}` +
      `,"config_digest":"${metadata.config_digest}"` +
      `${metadata.type === 'correction' ? `,"correction":${canonicalize(metadata.correction)}` : ''}` +
      `,"coverage":${canonicalize(metadata.coverage)},`,
    beforeWire: `${afterEnclave(metadata)},"period_end":"${body.period_end}","period_start":"${body.period_start}",`,
    rest: `"totals":${totals(body.totals)}}`,
  }
}

function afterEnclave(metadata: Metadata): string {
  return (
    `"equity_band":${orNull(metadata.equity_band)},"evidence_digest":${orNull(metadata.evidence_digest)}` +
    `,"exact":{"hourly_buckets":${list(metadata.exact.hourly_buckets, exactBucket)}` +
    `,"totals":${canonicalize(metadata.exact.totals)}},"first_observed_at":${orNull(metadata.first_observed_at)}` +
    `,"flows":{"count":${number(metadata.flows.count)},"net_usd":${number(metadata.flows.net_usd)}}` +
    `,"issued_at":"${metadata.issued_at}","key_id":"${metadata.key_id}"` +
    `${metadata.type === 'key_start' ? `,"key_start":${canonicalize(metadata.key_start)}` : ''}` +
    `,"log":${standing(metadata.log)},"previous":${orNull(metadata.previous)}` +
    `,"pricing":${canonicalize(metadata.pricing)},"return_method":"${metadata.return_method}"` +
    `,"schema":"${metadata.schema}","scope":${standing(metadata.scope)},"sequence":${number(metadata.sequence)}` +
    `,"source":${standing(metadata.source)},"type":"${metadata.type}"}`
  )
}

function bucket(each: Bucket): string {
  return (
    `{"fees_usd":${number(each.fees_usd)},"return_pct":${each.return_pct === null ? 'null' : number(each.return_pct)}` +
    `,"t":"${each.t}","trades":${number(each.trades)},"volume_base":${number(each.volume_base)}` +
    `,"volume_quote":${number(each.volume_quote)}}`
  )
}

/** Amounts are decimal text, instants and origins words of ours: none needs an escape. */
function exactBucket(each: ExactBucket): string {
  return (
    `{${each.approximate ? '"approximate":true,' : ''}${each.below_floor ? '"below_floor":true,' : ''}` +
    `"fees_usd":"${each.fees_usd}",${each.income ? `"income":${canonicalize(each.income)},` : ''}${each.no_capital ? '"no_capital":true,' : ''}"origin":"${each.origin}"` +
    `,"return_reason":${orNull(each.return_reason)}${each.stale ? `,"stale":${canonicalize(each.stale)}` : ''}` +
    `,"t":"${each.t}","trades":${number(each.trades)}` +
    `${each.unpriced ? `,"unpriced":${canonicalize(each.unpriced)}` : ''}${each.unpriced_fees ? ',"unpriced_fees":true' : ''}` +
    `${each.unreconciled ? `,"unreconciled":${canonicalize(each.unreconciled)}` : ''}` +
    `,"volume_base":"${each.volume_base}","volume_quote":"${each.volume_quote}"}`
  )
}

function totals(each: Totals): string {
  return (
    `{"fees_usd":${number(each.fees_usd)},"trades":${number(each.trades)}` +
    `,"volume_base":${number(each.volume_base)},"volume_quote":${number(each.volume_quote)}}`
  )
}

function list<Item>(items: readonly Item[], write: (item: Item) => string): string {
  let text = ''
  for (const item of items) text += text === '' ? write(item) : `,${write(item)}`
  return `[${text}]`
}

/** ECMAScript's text of a double is the one that RFC 8785 prescribes; -0 is 0. */
function number(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError('a statement holds a number that JSON can not carry')
  return String(value)
}

function orNull(text: string | null): string {
  return text === null ? 'null' : quote(text)
}

function quote(text: string): string {
  return canonicalize(text)
}

/** Objects that many statements share are written once. */
const written = new WeakMap<object, string>()

function standing(value: object | null): string {
  if (value === null) return 'null'
  let text = written.get(value)
  if (text === undefined) {
    text = canonicalize(value)
    // whoever changed it later would sign its old text
    for (const each of [value, ...Object.values(value)]) Object.freeze(each)
    written.set(value, text)
  }
  return text
}
