import type { Claims, Quote, SigningKey } from '../../sdk/index.ts'
import {
  attestationProfile,
  canonicalBytes,
  concat,
  digestOf,
  newBoxKeyPair,
  newSigningKey,
  openBox,
  parseCredentials,
  possessionBytes,
  publicJwk,
  readExchangeCredentials,
  reportDataOf,
  sealBox,
  signedBytes,
  simulatedEvidenceType,
  thumbprint,
  toBase64,
  toBase64url,
  toHex,
  fromBase64,
  toInstant,
  utf8,
} from '../../sdk/index.ts'

/** An enclave as the protocol's text has it, small enough to be wrong in any one place. */
export interface Making {
  readonly nowMs: number
  readonly change?: Record<string, unknown>
  readonly evidenceKey?: SigningKey
  readonly boundTo?: Uint8Array
  readonly possessedBy?: SigningKey
  readonly tee?: Quote['tee']
}

export class FakeEnclave {
  readonly sigKey: SigningKey
  readonly box: Awaited<ReturnType<typeof newBoxKeyPair>>
  readonly config: Record<string, unknown> = {
    permission_policy: 'read-only',
    exchanges: { binance: { environments: ['live', 'sandbox'] }, mock: { environments: ['self-reported'] } },
  }
  /** What was submitted, as it was opened. */
  readonly opened: { payload: ReturnType<typeof parseCredentials>['payload']; credentials: unknown }[] = []

  private constructor(sigKey: SigningKey, box: FakeEnclave['box']) {
    this.sigKey = sigKey
    this.box = box
  }

  static async make(): Promise<FakeEnclave> {
    return new FakeEnclave(await newSigningKey(), await newBoxKeyPair())
  }

  async claims(nonce: string | null, nowMs: number): Promise<Claims> {
    const { publicKey } = this.sigKey
    return {
      eat_profile: attestationProfile,
      eat_nonce: nonce,
      iat: Math.floor(nowMs / 1_000),
      enc_key: publicJwk(this.box.publicKey, 'X25519'),
      sig_key: publicJwk(publicKey, 'Ed25519'),
      mounted_key: null,
      webhook_key: publicJwk(publicKey, 'Ed25519'),
      log: { origin: 'perf-agg.example/log', vkey: 'x+y+z' },
      config: this.config,
      config_digest: await digestOf(canonicalBytes(this.config)),
      pseudonym_epoch: '1',
      software: { name: 'perf-agg', version: '0.2.0' },
    }
  }

  async quote(nonce: string | null, making: Making): Promise<Quote> {
    const bytes = canonicalBytes({ ...(await this.claims(nonce, making.nowMs)), ...making.change })
    const reportData = await reportDataOf(bytes)
    const bound = making.boundTo ?? reportData
    const throwaway = making.evidenceKey ?? (await newSigningKey())
    const named = making.evidenceKey === undefined ? throwaway : await newSigningKey()
    const evidence = {
      report_data: toHex(bound),
      key: toBase64url(named.publicKey),
      signature: toBase64url(await throwaway.sign(concat(utf8('perf-agg/simulated/v1\0'), bound))),
    }
    return {
      eat_profile: attestationProfile,
      tee: making.tee ?? 'simulated',
      claims: toBase64url(bytes),
      evidence: { type: simulatedEvidenceType, value: toBase64url(canonicalBytes(evidence)) },
      endorsements: {},
      signature: toBase64url(await (making.possessedBy ?? this.sigKey).sign(possessionBytes(reportData))),
    }
  }

  async submit(sealedText: string, nowMs: number): Promise<{ receipt: object; replyKey: Uint8Array }> {
    const sealed = fromBase64(sealedText)
    const plaintext = await openBox(this.box.publicKey, this.box.secretKey, sealed)
    if (plaintext === null) throw new Error('the box does not open')
    const { payload, credentials } = parseCredentials(plaintext)
    this.opened.push({ payload, credentials: readExchangeCredentials(credentials, payload.exchange) })
    const receipt = await this.sign({
      session_id: 's'.repeat(43),
      view_id: 'v'.repeat(43),
      status: 'active',
      expires_at: toInstant(nowMs + 86_400_000),
      account: 'A'.repeat(43),
      permissions: 'read-only',
      ownership: 'key-holder',
      box_digest: await digestOf(sealed),
    })
    return { receipt, replyKey: fromBase64(payload.reply_key!) }
  }

  async view(schema: string, nonce: string, change: object = {}): Promise<object> {
    const figures = { trades: 10, volume_base: 1, volume_quote: 50_000, fees_usd: 1.5 }
    return this.sign({
      schema,
      account: 'A'.repeat(43),
      exchange: 'binance',
      environment: 'live',
      as_of: '2026-11-23T03:00:00.000Z',
      expires_at: '2026-11-24T01:20:00.000Z',
      request_nonce: nonce,
      status: 'active',
      coverage: { hours_expected: 2, observed: 2, recovered: 0, backfilled: 0, gaps: [] },
      portfolio: { twr_pct: 1.5, sharpe: null },
      reasons: { sharpe: 'too-few-days' },
      totals: figures,
      income_usd: { funding: -2.5, liquidation_fee: 0 },
      benchmark: null,
      hourly_buckets: [{ t: '2026-11-23T01:00:00.000Z', return_pct: 1.5, ...figures }],
      ...(schema.includes('metrics')
        ? {
            symbols: [
              {
                symbol: 'BTC/USDT',
                ...figures,
                realized_pnl_usd: 3,
                unrealized_pnl_usd: null,
                return_pct: 1,
                reasons: { unrealized_pnl_usd: 'no-price' },
              },
            ],
            composite: null,
            trading: {
              figures: { fills: 3, round_trip_win_rate: null },
              reasons: { round_trip_win_rate: 'no_trades' },
            },
          }
        : {}),
      key_id: await thumbprint(this.sigKey.publicKey),
      ...change,
    })
  }

  async sign(body: object): Promise<object> {
    return { ...body, signature: toBase64(await this.sigKey.sign(signedBytes(body))) }
  }
}

export async function sealedReply(body: object, replyKey: Uint8Array): Promise<object> {
  return { sealed: toBase64(await sealBox(replyKey, canonicalBytes(body))) }
}
