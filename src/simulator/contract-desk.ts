import { minuteMs } from '@perf-agg/sdk'
import { contractsOf, nearest, notionalOf, worthOf } from './contract.ts'
import type { ContractListing, DeliveryPlan, OptionPlan } from './contract.ts'
import type { Marks } from './mark.ts'
import type { Position, PositionSide } from './position.ts'
import type { TrueContract } from './truth.ts'
import { fromUnits } from './units.ts'
import type { Wallet } from './wallet.ts'

/**
 * Where contracts are traded: fills with what they realise and cost, funding every eight hours, liquidation where a
 * margin is used up, deleveraging on order, and delivery. Balances change at the true instant, in whole units.
 */

const fundingPerDay = 3
/** Of the notional, in millionths. */
const makerFee = 200n
const takerFee = 500n
const deliveryFee = 150n
/** What the insurance fund takes of a position that it had to close. */
const insuranceFee = 12_500n
const million = 1_000_000n
/** How often margins are looked at. */
export const watchMs = 5 * minuteMs

export interface ContractOrder {
  readonly wallet: Wallet
  readonly contract: ContractListing
  readonly side: 'buy' | 'sell'
  readonly quantity: bigint
  /** Which position it concerns where the account hedges. */
  readonly position?: 'long' | 'short'
  readonly maker: boolean
  readonly orderId: number
  readonly atMs: number
  readonly lean: number
  readonly visibleAfterMs?: number
}

export class ContractDesk {
  readonly contracts: readonly ContractListing[]
  readonly marks: Marks
  readonly #bySymbol: ReadonlyMap<string, ContractListing>
  readonly #bnbIn: (asset: string, units: bigint, atMs: number) => bigint | null
  readonly #worth: (asset: string, units: bigint, atMs: number) => bigint | null
  readonly #openedMs: number
  readonly #lastIds = new Map<string, number>()
  #records = 0

  constructor(options: {
    marks: Marks
    openedMs: number
    deliveries?: readonly DeliveryPlan[]
    options?: readonly OptionPlan[]
    /** How much BNB an amount is worth. */
    bnbIn: (asset: string, units: bigint, atMs: number) => bigint | null
    /** About how many dollars an amount is worth. */
    worth: (asset: string, units: bigint, atMs: number) => bigint | null
  }) {
    this.marks = options.marks
    this.contracts = contractsOf(options.deliveries, options.options)
    this.#bySymbol = new Map(this.contracts.map((contract) => [contract.symbol, contract]))
    this.#bnbIn = options.bnbIn
    this.#worth = options.worth
    this.#openedMs = options.openedMs
  }

  find(symbol: string): ContractListing | null {
    return this.#bySymbol.get(symbol) ?? null
  }

  /** By the wire's id. */
  byId(kind: ContractListing['kind'], id: string): ContractListing | null {
    return this.contracts.find((contract) => contract.kind === kind && contract.id === id) ?? null
  }

  /** What an account's positions are worth above their cost, by the coin in which they pay. */
  unrealizedOf(wallet: Wallet, atMs: number): ReadonlyMap<string, bigint> {
    const gains = new Map<string, bigint>()
    for (const position of wallet.positions) {
      const { contract } = position
      if (position.quantity === 0n || contract.option !== undefined) continue
      const gain = position.unrealized(BigInt(this.marks.at(contract, atMs)))
      gains.set(contract.settle, (gains.get(contract.settle) ?? 0n) + gain)
    }
    return gains
  }

  /** What an account's options are worth, by the coin in which they pay. */
  optionsOf(wallet: Wallet, atMs: number): ReadonlyMap<string, bigint> {
    const worths = new Map<string, bigint>()
    for (const { contract, quantity } of wallet.positions) {
      if (quantity === 0n || contract.option === undefined) continue
      const worth = worthOf(contract, quantity, BigInt(this.marks.at(contract, atMs)))
      worths.set(contract.settle, (worths.get(contract.settle) ?? 0n) + worth)
    }
    return worths
  }

  /** @returns false where it can't be: nothing to pay with, or the contract is delivered */
  execute(order: ContractOrder): boolean {
    const { wallet, contract, atMs, quantity } = order
    if (quantity <= 0n || !this.marks.isTrading(contract, atMs)) return false
    if (wallet.balance(contract.settle, wallet.purseOf(contract)) <= 0n) return false
    const side: PositionSide =
      wallet.hedges && contract.option === undefined
        ? (order.position ?? (order.side === 'buy' ? 'long' : 'short'))
        : 'both'
    const position = wallet.position(contract, side)
    const signed = order.side === 'buy' ? quantity : -quantity
    if (side === 'long' && position.quantity + signed < 0n) return false
    if (side === 'short' && position.quantity + signed > 0n) return false
    this.#fill(wallet, position, signed, BigInt(this.marks.priceAt(contract, atMs, order.lean)), {
      ...order,
      execution: 'trade',
      rate: order.maker ? makerFee : takerFee,
    })
    return true
  }

  /** Closes all of an account's positions in a contract because its margin is gone, and takes the fund's fee. */
  liquidate(wallet: Wallet, contract: ContractListing, atMs: number): void {
    for (const position of wallet.positions) {
      if (position.contract !== contract || position.quantity === 0n) continue
      const price = BigInt(this.marks.priceAt(contract, atMs, 0))
      const notional = this.#fill(wallet, position, -position.quantity, price, {
        orderId: 1_999_000_000 + (this.#records += 1),
        maker: false,
        atMs,
        execution: 'liquidation',
        rate: 0n,
      })
      const purse = wallet.purseOf(contract)
      wallet.move({
        atMs,
        cause: 'liquidation-fee',
        id: this.#recordId(atMs),
        moves: [[contract.settle, -nearest(notional * insuranceFee, million), purse]],
        symbol: contract.symbol,
        forced: true,
      })
    }
  }

  /** Takes a part of a position away at the mark, without a fee, to pay for another's loss. */
  deleverage(wallet: Wallet, contract: ContractListing, quantity: bigint, atMs: number): void {
    const position = wallet.positions.find((each) => each.contract === contract && each.quantity !== 0n)
    if (position === undefined) return
    const held = position.quantity < 0n ? -position.quantity : position.quantity
    const part = quantity < held ? quantity : held
    this.#fill(
      wallet,
      position,
      position.quantity < 0n ? part : -part,
      BigInt(this.marks.priceAt(contract, atMs, 0)),
      {
        orderId: 1_998_000_000 + (this.#records += 1),
        maker: true,
        atMs,
        execution: 'adl',
        rate: 0n,
      },
    )
  }

  /** At the mark of that instant. */
  deliver(wallets: readonly Wallet[], contract: ContractListing, atMs: number): void {
    const price = BigInt(
      contract.option === undefined ? this.marks.priceAt(contract, atMs, 0) : this.marks.payoff(contract),
    )
    for (const wallet of wallets) {
      for (const position of wallet.positions) {
        if (position.contract !== contract || position.quantity === 0n) continue
        this.#fill(wallet, position, -position.quantity, price, {
          orderId: 1_997_000_000 + (this.#records += 1),
          maker: false,
          atMs,
          execution: 'settlement',
          rate: deliveryFee,
        })
      }
    }
  }

  /** Longs pay shorts, or the other way round, of what their positions are worth at the mark. */
  fund(wallets: readonly Wallet[], atMs: number): void {
    for (const wallet of wallets) {
      for (const { contract, quantity } of wallet.positions) {
        if (quantity === 0n || contract.deliveryMs !== null) continue
        const worth = inCoin(contract, quantity, BigInt(this.marks.at(contract, atMs)))
        const paid = nearest(worth * this.marks.fundingRate(contract, atMs), 100_000_000n)
        if (paid === 0n) continue
        wallet.move({
          atMs,
          cause: 'funding',
          id: this.#recordId(atMs),
          moves: [[contract.settle, -paid, wallet.purseOf(contract)]],
          symbol: contract.symbol,
          forced: true,
        })
      }
    }
  }

  /** Liquidates what its margin does not hold any more. */
  watch(wallet: Wallet, atMs: number): void {
    const open = wallet.positions.filter(({ quantity }) => quantity !== 0n)
    for (const [key, positions] of Map.groupBy(
      open,
      ({ contract }) => `${contract.kind} ${contract.settle}`,
    )) {
      const [first] = positions
      if (first === undefined || key === '') continue
      const purse = wallet.purseOf(first.contract)
      let margin = wallet.balance(first.contract.settle, purse)
      let needed = 0n
      for (const position of positions) {
        const mark = BigInt(this.marks.at(position.contract, atMs))
        margin += position.unrealized(mark)
        const worth = inCoin(position.contract, position.quantity, mark)
        needed += nearest(
          (worth < 0n ? -worth : worth) * BigInt(position.contract.maintenance * 10_000),
          10_000n,
        )
      }
      // in one wallet other coins hold the position too
      if (margin >= needed || wallet.unified) continue
      for (const contract of new Set(positions.map((each) => each.contract)))
        this.liquidate(wallet, contract, atMs)
    }
  }

  #fill(
    wallet: Wallet,
    position: Position,
    quantity: bigint,
    price: bigint,
    how: {
      readonly orderId: number
      readonly maker: boolean
      readonly atMs: number
      readonly execution: TrueContract['execution']
      readonly rate: bigint
      readonly visibleAfterMs?: number
    },
  ): bigint {
    const { contract } = position
    const { atMs } = how
    const purse = wallet.purseOf(contract)
    const size = quantity < 0n ? -quantity : quantity
    const notional = inCoin(contract, size, price)
    const fee = this.#fee(wallet, contract, nearest(notional * how.rate, million), atMs)
    const realized = position.take(quantity, price, atMs)
    const id = this.#newTradeId(contract, atMs)
    const visibleAtMs = atMs + (how.visibleAfterMs ?? 0)
    const fill = {
      symbol: contract.symbol,
      base: contract.base,
      quote: contract.quote,
      orderId: how.orderId,
      side: quantity < 0n ? ('sell' as const) : ('buy' as const),
      maker: how.maker,
      price: fromUnits(price),
      quantity: fromUnits(size),
      quoteQuantity: fromUnits(notionalOf(contract, size, price)),
      fee: { asset: fee.asset, amount: fromUnits(fee.units) },
      contract: {
        kind: contract.kind,
        settle: contract.settle,
        size: String(contract.size),
        position: position.side,
        realized: fromUnits(realized),
        cost: fromUnits(contract.option === undefined ? position.cost : 0n),
        execution: how.execution,
        ...(contract.option === undefined ? {} : { option: true as const }),
      },
    }
    wallet.move({
      atMs,
      cause: 'fill',
      id: String(id),
      moves: [
        [
          ...this.#paid(
            wallet,
            contract,
            contract.option === undefined ? realized : -worthOf(contract, quantity, price),
            atMs,
          ),
          purse,
        ],
        ...(fee.units === 0n ? [] : [[fee.asset, -fee.units, purse] as const]),
      ],
      visibleAtMs,
      fill,
      forced: true,
    })
    wallet.addFill({ id, marketId: contract.id, purse: contract.kind, atMs, visibleAtMs, fill })
    return notional
  }

  /** What is gained or lost, in the coin that the account chose for it. */
  #paid(wallet: Wallet, contract: ContractListing, gain: bigint, atMs: number): [string, bigint] {
    const asset = wallet.profitIn[contract.symbol]
    const each = asset === undefined || gain === 0n ? null : this.#worth(asset, 100_000_000n, atMs)
    if (asset === undefined || each === null) return [contract.settle, gain]
    return [asset, nearest(gain * 100_000_000n, each)]
  }

  /** A tenth less in BNB, where the wallet holds enough of it. */
  #fee(
    wallet: Wallet,
    contract: ContractListing,
    units: bigint,
    atMs: number,
  ): { asset: string; units: bigint } {
    const plain = { asset: contract.settle, units }
    if (!wallet.paysInBnb || contract.kind !== 'linear' || units === 0n) return plain
    const inBnb = this.#bnbIn(contract.settle, (units * 9n) / 10n, atMs)
    const held = wallet.balance('BNB', wallet.purseOf(contract))
    return inBnb !== null && inBnb > 0n && inBnb <= held ? { asset: 'BNB', units: inBnb } : plain
  }

  #newTradeId(contract: ContractListing, atMs: number): number {
    const key = `${contract.kind} ${contract.id}`
    const last = this.#lastIds.get(key) ?? 0
    const id = Math.max(last + 1, 5_000_000 + Math.floor((atMs - this.#openedMs) / 200))
    this.#lastIds.set(key, id)
    return id
  }

  #recordId(atMs: number): string {
    this.#records += 1
    return `${atMs}${String(this.#records % 1_000).padStart(3, '0')}`
  }
}

/** A quantity's worth in the settlement coin, with its sign. */
function inCoin(contract: ContractListing, quantity: bigint, price: bigint): bigint {
  const size = quantity * BigInt(contract.size)
  return contract.kind === 'linear'
    ? nearest(size * price, 100_000_000n)
    : nearest(size * 100_000_000n, price)
}

/** Funding is stamped some milliseconds after the hour. */
export function nextFundingMs(atMs: number): number {
  const eachMs = 86_400_000 / fundingPerDay
  return (Math.floor(atMs / eachMs) + 1) * eachMs + 3
}
