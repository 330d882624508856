import Type, { type TSchema } from 'typebox'

/**
 * The shapes of requests, held to on arrival, and of answers, published as OpenAPI and held to by tests. Ids and
 * boxes are bounded here but their form is judged where they are used, so that every wrong one gets the one answer
 * an unknown one gets.
 */
const options = { additionalProperties: false }

export const noncePattern = '^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$'

const instant = (description: string): TSchema =>
  Type.String({ description, pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' })

const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()])

export const SealedBody = Type.Object(
  { sealed: Type.String({ description: 'base64 of crypto_box_seal to enc_key' }) },
  { ...options, description: 'A sealed box' },
)

export const QuoteQuery = Type.Object(
  {
    nonce: Type.Optional(Type.String({ pattern: noncePattern, description: 'base64url of 32 random bytes' })),
  },
  options,
)

export const ViewQuery = Type.Object(
  {
    nonce: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$', description: 'comes back as request_nonce' }),
    ),
    benchmark: Type.Optional(
      Type.String({
        pattern: '^[A-Z0-9]{1,20}/[A-Z0-9]{1,20}$',
        description: 'an index to be held against: BTC/USDT',
      }),
    ),
  },
  options,
)

const id = Type.String({ minLength: 1, maxLength: 128 })

export const SessionBody = Type.Object({ session_id: id }, options)

export const CleanupBody = Type.Object(
  {
    session_id: Type.Optional(id),
    challenge: Type.Optional(
      Type.String({ maxLength: 128, description: 'as POST /enclave/challenge gave it' }),
    ),
    client_signature: Type.Optional(
      Type.String({ maxLength: 128, description: 'base64 Ed25519 by the client key' }),
    ),
  },
  options,
)

/** Who asks for it proves so like whoever ends a session. */
const proof = {
  session_id: id,
  challenge: Type.Optional(
    Type.String({ maxLength: 128, description: 'as POST /enclave/challenge gave it' }),
  ),
  client_signature: Type.Optional(
    Type.String({ maxLength: 128, description: 'base64 Ed25519 by the client key' }),
  ),
}

export const PublishBody = Type.Object(
  {
    ...proof,
    amounts: Type.Optional(Type.Boolean({ description: 'with volumes and fees; else percentages only' })),
  },
  options,
)

export const UnpublishBody = Type.Object(proof, options)

export const Publication = Type.Object(
  {
    account: Type.String({ description: 'public pseudonym' }),
    published: Type.Boolean(),
    amounts: Type.Optional(Type.Boolean()),
    withdrawn_at: Type.Optional(nullable(instant('nothing after is shown'))),
    path: Type.String({ description: 'where the page is' }),
  },
  options,
)

export const Quote = Type.Object(
  {
    eat_profile: Type.String(),
    tee: Type.Union(['tdx', 'sev-snp', 'nitro', 'dstack-tdx', 'simulated'].map((tee) => Type.Literal(tee))),
    claims: Type.String({ description: 'base64url of the exact bytes that were hashed' }),
    evidence: Type.Object({ type: Type.String(), value: Type.String() }, options),
    endorsements: Type.Record(Type.String(), Type.Unknown()),
    signature: Type.String({ description: 'base64url Ed25519 by sig_key over report_data' }),
  },
  { ...options, description: 'Evidence of what runs, bound to its keys and configuration' },
)

const Sealed = Type.Object(
  { sealed: Type.String({ description: 'base64 of crypto_box_seal to reply_key' }) },
  { ...options, description: 'The answer, sealed to the session’s reply_key' },
)

const Receipt = Type.Object(
  {
    session_id: Type.String({ minLength: 22 }),
    view_id: Type.String({ minLength: 22 }),
    status: Type.Union([Type.Literal('active'), Type.Literal('pending')]),
    expires_at: instant('when the session ends'),
    account: nullable(Type.String({ description: 'public pseudonym' })),
    permissions: Type.String(),
    ownership: Type.Union(['key-holder', 'proven', 'unproven'].map((each) => Type.Literal(each))),
    box_digest: Type.String({ pattern: '^sha256:[0-9a-f]{64}$' }),
    signature: Type.String(),
  },
  { description: 'What was registered; signed' },
)

export const Submitted = Type.Union([Sealed, Receipt])

const totals = {
  trades: Type.Integer({ minimum: 0 }),
  volume_base: Type.Number(),
  volume_quote: Type.Number(),
  fees_usd: Type.Number(),
}

const Bucket = Type.Object(
  { t: instant('start of the hour'), return_pct: nullable(Type.Number()), ...totals },
  options,
)

const Figures = Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Null()]))

const Reasons = Type.Record(Type.String(), Type.String())
const FigureSet = Type.Object({ figures: Figures, reasons: Reasons })

const view = {
  account: nullable(Type.String()),
  exchange: Type.String(),
  environment: Type.Union(
    ['live', 'sandbox', 'simulated', 'self-reported'].map((environment) => Type.Literal(environment)),
  ),
  as_of: instant('what is counted ends here'),
  expires_at: instant('when the session ends'),
  request_nonce: nullable(Type.String()),
  status: Type.Union(['active', 'pending', 'degraded', 'expired'].map((status) => Type.Literal(status))),
  coverage: Type.Object({
    hours_expected: Type.Integer(),
    observed: Type.Integer(),
    recovered: Type.Integer(),
    backfilled: Type.Integer(),
    gaps: Type.Array(Type.Object({ from: Type.String(), to: Type.String(), reason: Type.String() })),
  }),
  portfolio: Figures,
  totals: Type.Object(totals, options),
  income_usd: Type.Record(Type.String(), Type.Number(), {
    description: 'performance that no fill made: funding, interest, earn, rebate, liquidation_fee',
  }),
  benchmark: nullable(Type.Object({ symbol: Type.String(), figures: Figures, reasons: Reasons })),
  hourly_buckets: Type.Array(Bucket),
  signature: Type.String(),
}

const MetricsView = Type.Object(
  {
    schema: Type.Literal('perf-agg/metrics/v1'),
    ...view,
    symbols: Type.Array(
      Type.Object({
        symbol: Type.String(),
        ...totals,
        realized_pnl_usd: nullable(Type.Number()),
        unrealized_pnl_usd: nullable(Type.Number()),
        return_pct: nullable(Type.Number()),
      }),
    ),
    trading: FigureSet,
    composite: nullable(
      Type.Object({
        as_of: Type.String(),
        coverage: view.coverage,
        portfolio: Figures,
        reasons: Reasons,
        totals: Type.Object(totals, options),
        hourly_buckets: Type.Array(Bucket),
        accounts: Type.Array(
          Type.Object({
            account: Type.String(),
            exchange: Type.String(),
            since: Type.String(),
            weight_pct: nullable(Type.Number()),
            coverage: view.coverage,
            portfolio: Figures,
            reasons: Reasons,
          }),
        ),
      }),
    ),
  },
  { description: 'The owner’s figures; signed. An undefined figure is null' },
)

const SummaryView = Type.Object(
  { schema: Type.Literal('perf-agg/summary/v1'), ...view },
  { description: 'What may be shown to others; signed' },
)

export const Metrics = Type.Union([Sealed, MetricsView])
export const Summary = Type.Union([Sealed, SummaryView])

const whole = { pattern: '^(0|[1-9][0-9]{0,14})$' }

export const RecordQuery = Type.Object(
  {
    after: Type.Optional(
      Type.String({ ...whole, description: 'sequence of the last statement of the page before' }),
    ),
    size: Type.Optional(Type.String({ ...whole, description: 'size of the first page’s checkpoint' })),
  },
  options,
)

const hashes = Type.Array(Type.String({ description: 'base64' }))
const logged = { leaf: Type.Integer({ minimum: 0 }), inclusion: hashes }

const recordParts = {
  account: Type.String(),
  checkpoint: nullable(Type.String({ description: 'signed note; on the first page' })),
  checkpoints: Type.Array(Type.Object({ note: Type.String(), consistency: hashes })),
  evidence: Type.Array(
    Type.Object({ quote: Type.Record(Type.String(), Type.Unknown()), nonce_note: Type.String(), ...logged }),
  ),
  more: Type.Boolean(),
}

const FullPage = Type.Object(
  {
    schema: Type.Literal('perf-agg/record-page/v1'),
    ...recordParts,
    statements: Type.Array(
      Type.Object({
        statement: Type.Record(Type.String(), Type.Unknown()),
        salt: Type.String(),
        edition_signature: Type.Optional(Type.String({ description: 'base64, of the public edition' })),
        ...logged,
      }),
    ),
  },
  { description: 'Part of a record; its proofs lead to the first page’s checkpoint' },
)

export const RecordPage = Type.Union([Sealed, FullPage])

export const PublicRecordPage = Type.Union([
  Type.Object(
    {
      schema: Type.Literal('perf-agg/public-record-page/v1'),
      ...recordParts,
      statements: Type.Array(Type.Object({ edition: Type.Record(Type.String(), Type.Unknown()), ...logged })),
    },
    { description: 'The same in percentages only: every statement by its public edition' },
  ),
  FullPage,
])

export const Challenge = Type.Object(
  { challenge: Type.String(), expires_at: instant('good until then, once') },
  options,
)

export const Removed = Type.Object({ removed: Type.Integer({ minimum: 0 }) }, options)

export const Jwks = Type.Object(
  {
    keys: Type.Array(
      Type.Object({
        kty: Type.Literal('OKP'),
        crv: Type.Literal('Ed25519'),
        x: Type.String(),
        kid: Type.String({ description: 'RFC 7638 thumbprint: key_id of statements' }),
      }),
    ),
  },
  options,
)

export const Health = Type.Object(
  {
    status: Type.Union([Type.Literal('ok'), Type.Literal('failed')]),
    checks: Type.Optional(Type.Record(Type.String(), Type.String())),
    capacity: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          {
            accounts: Type.Integer({ minimum: 0 }),
            limit: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
          },
          options,
        ),
        {
          description: 'By exchange and address of ours: accounts watched, and how many its budgets can hold',
        },
      ),
    ),
  },
  options,
)

export const Status = Type.Record(Type.String(), Type.Unknown(), { description: 'For the operator' })

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ pattern: '^[A-Z][A-Z0-9_]+$', description: 'stable, for programs' }),
    detail: Type.String(),
    hint: Type.Optional(Type.String()),
  },
  { ...options, description: 'RFC 9457' },
)
