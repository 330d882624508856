import { dayMs, secondMs } from '@perf-agg/sdk'
import type { Agenda } from './agenda.ts'
import type { ContractDesk } from './contract-desk.ts'
import type { ContractListing } from './contract.ts'
import type { Desk } from './desk.ts'
import type { TraderPlan } from './scenario.ts'
import type { Chance } from './seed.ts'
import type { Wallet } from './wallet.ts'

/** Somebody who trades contracts: opens, adds, turns round and closes, within a few times what the wallet holds. */

const usualSymbols = [
  'BTC/USDT:USDT',
  'BTC/USDT:USDT',
  'ETH/USDT:USDT',
  'SOL/USDT:USDT',
  'XRP/USDT:USDT',
  'DOGE/USDT:USDT',
]

export class ContractTrader {
  readonly #wallet: Wallet
  readonly #desk: ContractDesk
  readonly #orders: Desk
  readonly #agenda: Agenda
  readonly #chance: Chance
  readonly #plan: TraderPlan
  readonly #contracts: readonly [ContractListing, ...ContractListing[]]

  constructor(options: {
    wallet: Wallet
    desk: ContractDesk
    orders: Desk
    agenda: Agenda
    chance: Chance
    plan: TraderPlan
  }) {
    this.#wallet = options.wallet
    this.#desk = options.desk
    this.#orders = options.orders
    this.#agenda = options.agenda
    this.#chance = options.chance
    this.#plan = options.plan
    const [first, ...rest] = (options.plan.symbols ?? usualSymbols).map((symbol) => {
      const contract = options.desk.find(symbol)
      if (contract === null) throw new RangeError(`no such contract: ${symbol}`)
      return contract
    })
    if (first === undefined) throw new RangeError('a trader needs a contract')
    this.#contracts = [first, ...rest]
  }

  start(atMs: number): void {
    this.#later(Math.max(atMs, this.#plan.fromMs ?? atMs))
  }

  #later(atMs: number): void {
    const pauseMs =
      Math.ceil((-Math.log(1 - this.#chance.next()) * dayMs) / this.#plan.ordersPerDay) + secondMs
    const nextMs = atMs + pauseMs
    if (nextMs < (this.#plan.toMs ?? Number.POSITIVE_INFINITY))
      this.#agenda.at(nextMs, (now) => this.#order(now))
  }

  #order(atMs: number): void {
    const contract = this.#chance.pick(this.#contracts)
    const position = this.#wallet.hedges ? (this.#chance.happens(0.5) ? 'long' : 'short') : 'both'
    const held = this.#wallet.position(contract, position).quantity
    const wanted = this.#quantity(contract, atMs)
    const size = held < 0n ? -held : held
    const closes = held !== 0n && this.#chance.happens(0.55)
    // closed in part, in whole, or turned round
    const share = BigInt(this.#chance.pick([300, 500, 1_000, 1_000]))
    const quantity = closes
      ? whole(contract, (size * share) / 1_000n) +
        (share === 1_000n && position === 'both' && this.#chance.happens(0.2) ? wanted : 0n)
      : wanted
    const opens =
      position === 'both'
        ? this.#chance.happens(0.5)
          ? 'buy'
          : 'sell'
        : position === 'long'
          ? 'buy'
          : 'sell'
    const side = closes ? (held > 0n ? 'sell' : 'buy') : opens
    if (quantity === 0n) return this.#later(atMs)
    this.#later(this.#parts(contract, side, position, quantity, atMs))
  }

  /** So much that a dozen of them stand at about three times the wallet. */
  #quantity(contract: ContractListing, atMs: number): bigint {
    const balance = this.#wallet.balance(contract.settle, this.#wallet.purseOf(contract))
    if (balance <= 0n) return 0n
    const price = BigInt(this.#desk.marks.at(contract, atMs))
    const worth = (balance * BigInt(this.#chance.integer(50, 450))) / 1_000n
    const units =
      contract.kind === 'linear'
        ? (worth * 100_000_000n) / price
        : (worth * price) / 100_000_000n / BigInt(contract.size)
    return whole(contract, units)
  }

  #parts(
    contract: ContractListing,
    side: 'buy' | 'sell',
    position: 'long' | 'short' | 'both',
    quantity: bigint,
    atMs: number,
  ): number {
    const maker = this.#chance.happens(0.5)
    const count = this.#chance.pick([1, 1, 2, 3])
    const orderId = this.#orders.newOrderId()
    let left = quantity
    let nextMs = atMs
    for (let part = 1; part <= count && left > 0n; part += 1) {
      const share = BigInt(this.#chance.integer(200, 700))
      const size = part === count ? left : whole(contract, (quantity * share) / 1_000n)
      const taken = size < left ? size : left
      if (taken === 0n) continue
      left -= taken
      const lean = (maker ? -1 : 1) * (side === 'buy' ? 1 : -1) * this.#chance.next()
      this.#agenda.at(nextMs, (now) => {
        this.#desk.execute({
          wallet: this.#wallet,
          contract,
          side,
          quantity: taken,
          ...(position === 'both' ? {} : { position }),
          maker,
          orderId,
          atMs: now,
          lean,
        })
      })
      if (part < count) nextMs += maker ? this.#chance.integer(2_000, 200_000) : this.#chance.integer(1, 900)
    }
    return nextMs
  }
}

function whole(contract: ContractListing, units: bigint): bigint {
  const step = 10n ** BigInt(8 - contract.stepDecimals)
  return (units / step) * step
}
