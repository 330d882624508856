import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hourMs } from '@perf-agg/sdk'
import { Agenda } from './agenda.ts'
import { Wire as BinanceWire } from './binance/wire.ts'
import { passphrase as bitgetPassphrase, Wire as BitgetWire } from './bitget/wire.ts'
import { Wire as BybitWire } from './bybit/wire.ts'
import { pemOf } from './coinbase/key.ts'
import { Wire as CoinbaseWire } from './coinbase/wire.ts'
import { ContractDesk, nextFundingMs, watchMs } from './contract-desk.ts'
import { ContractTrader } from './contract-trader.ts'
import { Desk } from './desk.ts'
import { Door } from './door.ts'
import { FaultPlan } from './faults.ts'
import type { Fault, Faults } from './faults.ts'
import { addressOf } from './hyperliquid/name.ts'
import { Wire as HyperliquidWire } from './hyperliquid/wire.ts'
import { Wire as KrakenWire } from './kraken/wire.ts'
import { Wire as KrakenFuturesWire } from './krakenfutures/wire.ts'
import { passphrase as kucoinPassphrase, Wire as KucoinWire } from './kucoin/wire.ts'
import { LeverageDesk } from './leverage.ts'
import { listingOf, listings } from './listing.ts'
import { Marks } from './mark.ts'
import { Market } from './market.ts'
import { passphrase as okxPassphrase, Wire as OkxWire } from './okx/wire.ts'
import { readReplay } from './replay.ts'
import type { AccountPlan, Scenario } from './scenario.ts'
import { Chance } from './seed.ts'
import { contractStory, plainStory, usualStory } from './story.ts'
import { Streams } from './streams.ts'
import { Teller } from './teller.ts'
import { Trader } from './trader.ts'
import { TruthWriter } from './truth.ts'
import type { Purse, Truth } from './truth.ts'
import { toUnits } from './units.ts'
import { accrueInterest, Wallet } from './wallet.ts'

/**
 * A whole exchange on loopback that speaks the original's wire protocol, with a market, accounts that trade on it,
 * faults on order, and the truth about all of it. For the demo and for tests; `serve` never imports it.
 */

/** Whose wire protocol is spoken. */
export type SimulatedExchange =
  | 'binance'
  | 'bitget'
  | 'bybit'
  | 'coinbase'
  | 'hyperliquid'
  | 'kraken'
  | 'krakenfutures'
  | 'kucoin'
  | 'okx'

const wires = {
  binance: BinanceWire,
  bitget: BitgetWire,
  bybit: BybitWire,
  coinbase: CoinbaseWire,
  hyperliquid: HyperliquidWire,
  kraken: KrakenWire,
  krakenfutures: KrakenFuturesWire,
  kucoin: KucoinWire,
  okx: OkxWire,
} as const

const passphrases: Readonly<Partial<Record<SimulatedExchange, string>>> = {
  bitget: bitgetPassphrase,
  kucoin: kucoinPassphrase,
  okx: okxPassphrase,
}

export interface SimulatorOptions {
  readonly exchange: SimulatedExchange
  /** 0 and absent pick a free one. */
  readonly port?: number
  /** The same seed makes the same market and the same traders. */
  readonly seed: number
  /** Simulated time at the start. */
  readonly startMs: number
  /** Default: one account with a month of everything (story.ts). */
  readonly scenario?: Scenario
  /** A file of real trades or candles to replay for its market instead of the seeded one. */
  readonly marketData?: string
  /** The truth is written there as JSON lines too. */
  readonly truthFile?: string
  readonly faults?: Faults
}

export interface SimulatedAccount {
  /** The exchange's own id of the account, as text. */
  readonly uid: string
  readonly apiKey: string
  readonly secret: string
  /** Where its keys have a third part. */
  readonly passphrase?: string
  /** Where an account is an address, and nothing else. */
  readonly walletAddress?: string
}

export interface Simulator {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly accounts: readonly SimulatedAccount[]
  readonly truth: Truth
  /** Simulated time. Requests are answered at exactly this instant. */
  nowMs(): number
  /** Steps to `atMs` and lets everything happen that happens until then, inclusive. Never goes back. */
  advanceTo(atMs: number): void
  /** Lets simulated time run at `speed` × real time until the returned function is called. */
  run(speed: number): () => void
  schedule(fault: Fault): void
  /** The connections on which it tells of events, and how many it told. */
  readonly streams: Pick<Streams, 'open' | 'waiting' | 'opened' | 'told'>
  /** Weight of all calls so far, by path, where the exchange counts in weights. */
  readonly spent: ReadonlyMap<string, number>
  close(): Promise<void>
}

const beatMs = 20

function storyOf(exchange: SimulatedExchange, startMs: number): Scenario {
  if (exchange === 'krakenfutures') return contractStory()
  return exchange === 'hyperliquid' ? plainStory(startMs, 30) : usualStory(startMs, 30)
}

/** @throws {RangeError} on a scenario that names what does not exist; an Error with a code when the port is taken */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { seed, startMs } = options
  const scenario = options.scenario ?? storyOf(options.exchange, startMs)
  const historyMs = scenario.historyMs ?? Number.POSITIVE_INFINITY
  const replay = options.marketData === undefined ? null : readReplay(options.marketData, startMs)
  const market = new Market({ seed, startMs, delistings: scenario.delistings ?? [], replay })
  const agenda = new Agenda()
  const desk = new Desk(market)
  const contracts = new ContractDesk({
    marks: new Marks(seed, market),
    openedMs: market.openedMs,
    deliveries: scenario.deliveries ?? [],
    options: scenario.options ?? [],
    bnbIn: (asset, units, atMs) => desk.inBnb(asset, units, atMs),
    worth: (asset, units, atMs) => desk.worth(asset, units, atMs),
  })
  const leverage = new LeverageDesk({ market, desk, agenda })
  const truth = new TruthWriter({
    markets: listings.map(({ symbol, base, quote }) => ({ symbol, base, quote })),
    contracts: contracts.contracts.map(({ symbol, kind, base, quote, settle, size }) => ({
      symbol,
      kind,
      base,
      quote,
      settle,
      size: String(size),
    })),
    historyMs,
    mark: (symbol, minuteMs) => {
      const contract = contracts.find(symbol)
      return contract === null ? null : contracts.marks.candle(contract, minuteMs)
    },
    candle: (symbol, minuteMs) => {
      const listing = listingOf(symbol)
      return listing === null ? null : market.candle(listing, minuteMs)
    },
    file: options.truthFile,
  })
  const wallets = scenario.accounts.map((plan, index) => openAccount(plan, index))
  openContracts(wallets)
  const faults = new FaultPlan(options.faults)

  let nowMs = startMs
  let following: (() => void) | null = null
  const followed = (): number => {
    following?.()
    return nowMs
  }
  const wire = new wires[options.exchange]({
    exchange: { market, contracts, leverage, truth, historyMs },
    wallets,
    nowMs: followed,
    serverMs: () => followed() + faults.skewMs(nowMs),
  })
  const door = new Door({ protocol: wire, faults, nowMs: followed })
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => door.handle(request, response))
  const streams = new Streams({
    protocol: 'streams' in wire ? wire.streams : null,
    faults,
    nowMs: () => nowMs,
    at: (atMs, act) => agenda.at(atMs, act),
  })
  server.on('upgrade', (request, socket, head) => streams.upgrade(request, socket, head))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo

  function openAccount(plan: AccountPlan, index: number): Wallet {
    const chance = new Chance(seed, 'account', index)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
    const isCoinbase = options.exchange === 'coinbase'
    const wallet = new Wallet({
      uid: String(354_937_868 + index * 7_919),
      apiKey: plan.apiKey ?? chance.text(64, alphabet),
      secret: plan.secret ?? (isCoinbase ? pemOf(chance.text(64, '0123456789')) : chance.text(64, alphabet)),
      paysInQuote: isCoinbase,
      datesBanksOnly: isCoinbase,
      permissions: plan.permissions ?? [],
      createdMs: startMs - 400 * 24 * hourMs,
      truth,
      unified: plan.unified ?? false,
      hedges: plan.hedges ?? false,
      profitIn: plan.profitIn ?? {},
      keepsFunding: plan.purses?.funding !== undefined,
    })
    const moves = Object.entries({ spot: plan.opening, ...plan.purses }).flatMap(([purse, held]) =>
      Object.entries(held).map(
        ([asset, amount]) => [asset, toUnits(amount), wallet.purse(purse as Purse)] as const,
      ),
    )
    wallet.move({ atMs: startMs, cause: 'opening', id: 'opening', moves, visibleAtMs: null })
    const teller = new Teller({
      wallet,
      desk,
      contracts,
      leverage,
      agenda,
      chance: new Chance(seed, 'teller', index),
    })
    for (const event of plan.events ?? []) teller.plan(event)
    if (plan.trader !== null) {
      const draws = new Chance(seed, 'trader', index)
      new Trader({ wallet, market, desk, agenda, chance: draws, plan: plan.trader }).start(startMs)
    }
    if (plan.contractTrader !== undefined) {
      const draws = new Chance(seed, 'contract-trader', index)
      new ContractTrader({
        wallet,
        desk: contracts,
        orders: desk,
        agenda,
        chance: draws,
        plan: plan.contractTrader,
      }).start(startMs)
    }
    return wallet
  }

  /** What the exchange does of its own accord. */
  function openContracts(all: readonly Wallet[]): void {
    const fund = (atMs: number): void => {
      contracts.fund(all, atMs)
      agenda.at(nextFundingMs(atMs), fund)
    }
    const watch = (atMs: number): void => {
      for (const wallet of all) contracts.watch(wallet, atMs)
      agenda.at(atMs + watchMs, watch)
    }
    const accrue = (atMs: number): void => {
      for (const wallet of all) accrueInterest(wallet, atMs)
      agenda.at(atMs + hourMs, accrue)
    }
    agenda.at(nextFundingMs(startMs), fund)
    agenda.at(startMs + watchMs, watch)
    agenda.at(Math.floor(startMs / hourMs) * hourMs + hourMs, accrue)
    for (const contract of contracts.contracts) {
      if (contract.deliveryMs !== null) {
        agenda.at(contract.deliveryMs, (atMs) => contracts.deliver(all, contract, atMs))
      }
    }
  }

  function advanceTo(atMs: number): void {
    if (atMs <= nowMs) return
    agenda.runUntil(atMs)
    nowMs = atMs
  }

  const passphrase = passphrases[options.exchange]
  return {
    url: `http://127.0.0.1:${port}`,
    accounts: wallets.map(({ uid, apiKey, secret }) => ({
      uid,
      apiKey,
      secret,
      ...(passphrase !== undefined && { passphrase }),
      ...(options.exchange === 'hyperliquid' && { walletAddress: addressOf({ uid, apiKey }) }),
    })),
    truth,
    nowMs: () => nowMs,
    advanceTo,
    run(speed) {
      const sinceMs = nowMs
      const since = process.hrtime.bigint()
      const follow = (): void => {
        advanceTo(Math.floor(sinceMs + (Number(process.hrtime.bigint() - since) / 1_000_000) * speed))
        truth.flush()
      }
      following = follow
      const timer = setInterval(follow, beatMs)
      return () => {
        clearInterval(timer)
        if (following === follow) following = null
      }
    },
    schedule: (fault) => faults.schedule(fault),
    streams,
    spent: 'spent' in wire ? wire.spent : new Map(),
    async close() {
      following = null
      streams.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      truth.close()
    },
  }
}
