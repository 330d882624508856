import type { ListedContract, TrueFill, Truth } from '../../../src/simulator/truth.ts'
import { nought, Rational } from './rational.ts'

/**
 * Contracts, stated once more from their text: a wallet holds only what was realised; on top of it stands what is open,
 * at the mark price of the minute, over what it cost. What an inverse contract is worth in its coin, and how much of
 * the base it moves, is rounded half to even at 18 places.
 */

const minute = 60_000

interface Open {
  readonly contract: ListedContract
  quantity: Rational
  cost: Rational
}

export class Positions {
  readonly #contracts: ReadonlyMap<string, ListedContract>
  readonly #open = new Map<string, Open>()

  constructor(truth: Truth) {
    this.#contracts = new Map(truth.contracts.map((contract) => [contract.symbol, contract]))
  }

  take(fill: TrueFill): void {
    const { contract } = fill
    if (contract === undefined) return
    const key = `${fill.symbol} ${contract.position}`
    const open = this.#open.get(key) ?? {
      contract: this.#contracts.get(fill.symbol)!,
      quantity: nought,
      cost: nought,
    }
    const quantity = Rational.of(fill.quantity)
    open.quantity = open.quantity.plus(fill.side === 'buy' ? quantity : quantity.negated())
    open.cost = Rational.of(contract.cost)
    this.#open.set(key, open)
  }

  /** By how much of a settlement coin an average entry of ten decimal places may be off. */
  roundings(): { readonly settle: string; readonly amount: Rational }[] {
    return [...this.#open.values()].map(({ contract, quantity }) => ({
      settle: contract.settle,
      amount: contract.kind === 'linear' ? quantity.times(Rational.of('0.0000000001')) : nought,
    }))
  }

  /** By settlement coin, above what is in the wallet; `markOf` gives a contract's price. */
  unrealized(markOf: (symbol: string) => Rational): { readonly settle: string; readonly amount: Rational }[] {
    return [...this.#open.values()]
      .filter(({ quantity }) => quantity.sign !== 0)
      .map(({ contract, quantity, cost }) => ({
        settle: contract.settle,
        amount: worthOf(contract, quantity, markOf(contract.symbol)).minus(cost),
      }))
  }
}

function worthOf(contract: ListedContract, quantity: Rational, price: Rational): Rational {
  const size = quantity.times(Rational.of(contract.size))
  return contract.kind === 'linear' ? size.times(price) : size.over(price).rounded(18).negated()
}

/** The mark at a full minute: the close of the one before. */
export function markAt(truth: Truth, symbol: string, atMs: number): Rational {
  return Rational.of(truth.mark(symbol, atMs - minute)!.close)
}

/** The mark at which a flow is valued: the open of its minute. */
export function markAtFlow(truth: Truth, symbol: string, atMs: number): Rational {
  return Rational.of(truth.mark(symbol, Math.floor(atMs / minute) * minute)!.open)
}

/** Base units that changed hands. */
export function baseVolume(fill: TrueFill): Rational {
  const quantity = Rational.of(fill.quantity)
  const { contract } = fill
  if (contract === undefined) return quantity
  const size = quantity.times(Rational.of(contract.size))
  return contract.kind === 'linear' ? size : size.over(Rational.of(fill.price)).rounded(18)
}

/** Delivery is no trade. */
export function isTrade(fill: TrueFill): boolean {
  return fill.contract?.execution !== 'settlement'
}
