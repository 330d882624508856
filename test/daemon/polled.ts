import { add, parseDecimal, parseJson, parseStatement, signOf, toText, zero } from '@perf-agg/sdk'
import type { Decimal, Statement } from '@perf-agg/sdk'
import type { Test } from 'tap'
import type { PriceWant } from '../../src/accounting/hour/hour.ts'
import type { Candle, CashFlow, Fill, Wallet } from '../../src/accounting/observation.ts'
import { defaultRules } from '../../src/accounting/rules.ts'
import { type AccountView, withPast } from '../../src/accounting/view.ts'
import type {
  CandlesAnswer,
  Failure,
  FailureCode,
  MarketsAnswer,
  Origin,
  PollAnswer,
  PollRequest,
} from '../../src/collector/answer.ts'
import { Book, MarketLists } from '../../src/daemon/book.ts'
import { Chain } from '../../src/daemon/chain/chain.ts'
import { SteppedClock } from '../../src/daemon/clock.ts'
import type { Collectors } from '../../src/daemon/collecting/collectors.ts'
import { Expiry } from '../../src/daemon/expiry.ts'
import { Health } from '../../src/daemon/health.ts'
import { Lanes } from '../../src/daemon/lane.ts'
import { Pasts } from '../../src/daemon/pasts.ts'
import { Poller } from '../../src/daemon/poller.ts'
import { silentLog } from '../../src/http/log.ts'
import type { SessionRow, Store } from '../../src/store/store.ts'
import { openStore } from '../../src/store/open.ts'
import { minute } from '../accounting/desk.ts'
import type { FuturesDesk } from '../accounting/futures-desk.ts'
import { configDigest, issuer, testSigner } from '../statement/fixture.ts'
import { account as accountOf, folder, session as sessionOf, testVault } from '../store/fixture.ts'
import { join } from 'node:path'

export type Prices = (symbol: string, atMs: number) => string | null

const origin: Origin = {
  host: 'fapi.example',
  environment: 'live',
  certificate: null,
  serverTimeSkewMs: 0,
  collector: 'ccxt 4.5.84',
}
const weight = { requests: 1, spent: 1, usedOfMinute: null, limitOfMinute: 1, budgets: {} }

/** An exchange with a spot wallet and a futures wallet of one account, as its collector tells of them. */
export class TwoWallets implements Pick<Collectors, 'check' | 'poll' | 'candles' | 'markets'> {
  readonly spot = new Map<string, Decimal>()
  readonly futures: FuturesDesk
  readonly flows: { readonly wallet: 'spot' | 'linear'; readonly flow: CashFlow }[] = []
  readonly spotFills: Fill[] = []
  readonly asked: PollRequest[] = []
  readonly prices: Prices
  readonly marks: Prices
  readonly #clock: { nowMs(): number }
  readonly #acts: { readonly atMs: number; readonly act: () => void }[] = []
  /** What it does not tell any more, at a poll of that time. */
  lostAt: (nowMs: number) => { readonly fromMs: number; readonly toMs: number } | null = () => null
  /** What it does not tell. */
  unavailable: readonly string[] = []
  /** How it fails, if it does. */
  fails: (request: PollRequest) => FailureCode | null = () => null
  /** The exchange's clock goes on while it answers. */
  #tick = 0

  constructor(clock: { nowMs(): number }, futures: FuturesDesk, prices: Prices, marks: Prices) {
    this.#clock = clock
    this.futures = futures
    this.prices = prices
    this.marks = marks
  }

  at(atMs: number, act: () => void): this {
    this.#acts.push({ atMs, act })
    this.#acts.sort((a, b) => a.atMs - b.atMs)
    return this
  }

  pay(asset: string, amount: string): void {
    this.spot.set(asset, add(this.spot.get(asset) ?? zero, parseDecimal(amount)))
  }

  /** Between the two wallets: each tells of it, unless both are asked. */
  transfer(atMs: number, amount: string): void {
    const out = amount.startsWith('-') ? amount.slice(1) : `-${amount}`
    this.pay('USDT', out)
    const before = this.futures.wallet.get('USDT') ?? zero
    this.futures.wallet.set('USDT', add(before, parseDecimal(amount)))
    const common = { flow: 'transfer', asset: 'USDT', atMs, atEstimated: false } as const
    this.flows.push({ wallet: 'spot', flow: { ...common, id: `s${atMs}`, amount: out } })
    this.flows.push({ wallet: 'linear', flow: { ...common, id: `l${atMs}`, amount } })
  }

  /** Nothing is learned of the key; that is no refusal. */
  async check(): Promise<Failure> {
    return failed('EXCHANGE_UNREACHABLE')
  }

  async poll(request: PollRequest): Promise<PollAnswer> {
    this.asked.push(request)
    const nowMs = this.#clock.nowMs() + ++this.#tick
    while ((this.#acts[0]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.#acts.shift()!.act()
    const code = this.fails(request)
    if (code !== null) return failed(code)
    const { marketTypes } = request.source
    const isSpot = marketTypes.includes('spot')
    const isFutures = marketTypes.includes('linear')
    const held = new Map<string, Decimal>()
    for (const [asset, amount] of isSpot ? this.spot : []) held.set(asset, amount)
    for (const [asset, amount] of isFutures ? this.futures.wallet : []) {
      held.set(asset, add(held.get(asset) ?? zero, amount))
    }
    const both = isSpot && isFutures
    const flows = this.flows
      .filter(({ wallet, flow }) => marketTypes.includes(wallet) && !(both && flow.flow === 'transfer'))
      .map(({ flow }) => flow)
    return {
      kind: 'observed',
      cursor: JSON.stringify(marketTypes),
      origin,
      weight,
      observation: {
        begunAtMs: nowMs,
        complete: true,
        fills: [...(isSpot ? this.spotFills : []), ...(isFutures ? this.futures.fills : [])],
        flows: flows.filter(({ atMs }) => atMs >= request.sinceMs),
        conversions: [],
        incomes: isFutures ? [...this.futures.incomes] : [],
        anchor: {
          atMs: nowMs,
          balances: [...held]
            .filter(([, amount]) => signOf(amount) !== 0)
            .map(([asset, amount]) => ({ asset, amount: toText(amount) })),
          ...(isFutures && { positions: this.futures.positions }),
        },
        unavailable: this.unavailable,
        lost: this.lostAt(nowMs),
      },
    }
  }

  async markets({ source }: { source: { marketTypes: readonly Wallet[] } }): Promise<MarketsAnswer> {
    if (!source.marketTypes.includes('spot')) return []
    return ['BTC/USDT', 'BNB/USDT'].map((symbol) => {
      const [base = '', quote = ''] = symbol.split('/')
      return { symbol, base, quote, type: 'spot', active: true }
    })
  }

  async candles({ wants }: { wants: readonly PriceWant[] }): Promise<CandlesAnswer> {
    return wants.map((want) => {
      const of = want.kind === 'mark' ? this.marks : this.prices
      const candles: Candle[] = []
      for (let at = want.fromMs; at < want.toMs; at += minute) {
        const open = of(want.symbol, at)
        if (open === null) continue
        const volume = want.kind === 'mark' ? '0' : '100'
        const quoteVolume = want.kind === 'mark' ? '0' : toText(product(volume, open))
        const close = of(want.symbol, at + minute) ?? open
        candles.push({ minuteMs: at, open, close, baseVolume: volume, quoteVolume })
      }
      return candles
    })
  }
}

const failed = (code: FailureCode): Failure => ({
  kind: 'failed',
  code,
  exchangeCode: null,
  retryAfterMs: null,
  scope: 'session',
})

const product = (a: string, b: string): Decimal => {
  const [x, y] = [parseDecimal(a), parseDecimal(b)]
  return { digits: x.digits * y.digits, scale: x.scale + y.scale }
}

/** A poller over a real store and a real chain. */
export interface Polled {
  readonly store: Store
  readonly health: Health
  readonly clock: SteppedClock
  readonly book: Book
  poll(atMs: number): Promise<void>
  /** One step of the time before the registration: how long it rests then; null at the end. */
  past(killed?: boolean): Promise<number | null>
  /** As it is shown, with that. */
  view(): Promise<AccountView>
  statements(): Promise<Statement[]>
}

export async function startPolled(
  t: Test,
  clock: SteppedClock,
  exchange: TwoWallets,
  options: {
    readonly scope: readonly Wallet[]
    readonly wallets?: readonly Wallet[]
    /** Ledgers in memory; 0 has each read back from the disk at every poll. */
    readonly ledgersMax?: number
    readonly exchange?: string
    /** Of before the registration. */
    readonly days?: number
  },
): Promise<Polled> {
  const store = await openStore(join(folder(t), 'state'), { vault: testVault(), clock })
  t.teardown(() => store.close())
  const nowMs = clock.nowMs()
  const wallets = options.wallets ?? options.scope
  const settings = JSON.stringify({ wallets, apiIntervalMs: 60_000, maxRetries: 3, sandbox: false })
  const pseudonym = 'A'.repeat(43)
  const session = sessionOf('id-a', {
    account: pseudonym,
    settings,
    createdAtMs: nowMs,
    expiresAtMs: nowMs * 2,
  })
  const row = accountOf(pseudonym, {
    firstRegisteredAtMs: nowMs,
    scope: options.scope,
    ...(options.exchange !== undefined && { exchange: options.exchange }),
  })
  const signer = testSigner(1)
  const chain = new Chain({
    store,
    clock,
    issuer: issuer({ signer }),
    signer,
    key: {
      keyId: signer.keyId,
      jwk: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(signer.publicKey).toString('base64url') },
    },
    handover: null,
    conflict: () => null,
    rules: defaultRules,
    written: () => {},
  })
  await store.commit((tx) => {
    tx.addConfig({ digest: configDigest, config: '{}', firstSeenMs: nowMs })
  })
  const live: SessionRow = { ...session, endedAtMs: null, endReason: null }
  await chain.write(
    { ...row, head: { sequence: 0, digest: null } },
    live,
    'twr',
    [{ type: 'registered', atMs: nowMs }],
    (tx) => tx.insertSession(session),
    { first: (tx) => tx.insertAccount(row) },
  )
  const book = new Book(store, {
    settlingMs: 30_000,
    countMax: options.ledgersMax ?? 8,
  })
  const health = new Health()
  const common = {
    clock,
    store,
    collectors: exchange,
    lanes: new Lanes(),
    markets: new MarketLists(86_400_000),
    chain,
    expiry: new Expiry(clock, 0),
    log: silentLog,
    addresses: [],
  }
  const poller = new Poller({
    ...common,
    book,
    health,
    clockRefusal: () => null,
    unwatch: () => {},
    allowTradingKeys: false,
  })
  let over = false
  const newPasts = (): Pasts =>
    new Pasts({
      ...common,
      settlingMs: 30_000,
      daysMax: options.days ?? 0,
      delivers: false,
      schedule: { addPast: () => {}, remove: () => (over = true), polledAtMs: () => null },
    })
  let pasts = newPasts()
  return {
    store,
    health,
    clock,
    book,
    poll: async (atMs) => {
      clock.moveTo(atMs)
      await poller.poll(pseudonym)
    },
    past: async (killed = false) => {
      // a start that knows only what is on disk
      if (killed) pasts = newPasts()
      const { retryAfterMs } = await pasts.step(Pasts.keyOf(pseudonym))
      return over ? null : (retryAfterMs ?? 0)
    },
    view: async () => {
      const stored = await store.account(pseudonym)
      if (stored === null) throw new Error('no account')
      const past = await pasts.view(stored)
      const view = (await book.stored(stored)).account.view(0)
      return past === null ? view : withPast(view, past)
    },
    statements: async () =>
      (await store.statements(pseudonym)).map(({ body }) => parseStatement(parseJson(body))),
  }
}
