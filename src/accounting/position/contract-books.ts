import { absolute, add, compare, divide, multiply, signOf, subtract, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import { contractKey, notionalOf, worthScale } from '../ledger/contract.ts'
import type { Contract } from '../ledger/contract.ts'
import type { Contracts } from '../ledger/contracts.ts'
import { FifoPosition } from './position.ts'
import type { Instrument } from './position.ts'

interface Book {
  readonly contract: Contract
  readonly position: FifoPosition
  /** What the open contracts were worth when they were opened, in the quote currency. */
  notional: Decimal
}

/** What a change of hands did to a position. */
export interface Traded {
  /** Realised, in the settlement coin. */
  readonly pnl: Decimal
  /** How the open notional changed, in the quote currency. */
  readonly notional: Decimal
  /** So many contracts of it closed. */
  readonly closed: Decimal
  readonly wasOpen: boolean
  /** What was open before is closed; the other side may be open now. */
  readonly isClosed: boolean
  readonly isOpen: boolean
}

const instrumentOf = ({ kind, size }: Contract): Instrument => ({ kind, contractSize: size })

/** Positions of contracts, first in first out: what closing them makes, in their settlement coins. */
export class ContractBooks {
  readonly #contracts: Contracts
  readonly #books = new Map<string, Book>()

  constructor(contracts: Contracts) {
    this.#contracts = contracts
  }

  contract(key: string): Contract | null {
    return this.#contracts.find(key)
  }

  trade(contract: Contract, quantity: Decimal, price: Decimal): Traded {
    const key = contractKey(contract.kind, contract.symbol)
    const book = this.#books.get(key) ?? {
      contract,
      position: new FifoPosition(instrumentOf(contract)),
      notional: zero,
    }
    this.#books.set(key, book)
    const held = book.position.quantity
    const notionalBefore = book.notional
    const closed = book.position.apply({
      side: signOf(quantity) > 0 ? 'buy' : 'sell',
      quantity: absolute(quantity),
      price,
    })
    const closing = closed?.quantity ?? zero
    const opening = subtract(absolute(quantity), closing)
    const isAll = compare(closing, absolute(held)) === 0
    const left = isAll
      ? zero
      : subtract(book.notional, divide(multiply(book.notional, closing), absolute(held), worthScale))
    book.notional = add(left, notionalOf(contract, opening, price))
    return {
      pnl: closed?.pnl ?? zero,
      notional: subtract(book.notional, notionalBefore),
      closed: closing,
      wasOpen: signOf(held) !== 0,
      isClosed: isAll && signOf(closing) > 0,
      isOpen: signOf(book.position.quantity) !== 0,
    }
  }

  /** The only open position that pays in a coin, by its key; null where there is none, or more than one. */
  onlyOpen(settle: string): string | null {
    const open = [...this.#books].filter(
      ([, { contract, position }]) => contract.settle === settle && signOf(position.quantity) !== 0,
    )
    return open.length === 1 ? open[0]![0] : null
  }

  /** Open positions and what they are worth above their cost, in the settlement coin, at a mark. */
  *open(markOf: (key: string) => Decimal | null): Generator<{ contract: Contract; pnl: Decimal | null }> {
    for (const [key, { contract, position }] of this.#books) {
      if (signOf(position.quantity) === 0) continue
      const mark = markOf(key)
      yield { contract, pnl: mark === null ? null : position.unrealized(mark) }
    }
  }

  copyInto(other: ContractBooks): void {
    for (const [key, book] of this.#books) other.#books.set(key, { ...book, position: book.position.clone() })
  }

  write(writer: Writer): void {
    writer.map(
      this.#books,
      (key) => writer.name(key),
      ({ position, notional }) => {
        position.write(writer)
        writer.decimal(notional)
      },
    )
  }

  static read(reader: Reader, contracts: Contracts): ContractBooks {
    const books = new ContractBooks(contracts)
    let contract: Contract | null = null
    const read = reader.map(
      () => {
        const key = reader.name()
        contract = contracts.find(key)
        return key
      },
      (): Book => {
        if (contract === null) return reader.refuse()
        const position = FifoPosition.read(reader, instrumentOf(contract))
        return { contract, position, notional: reader.decimal() }
      },
    )
    for (const [key, book] of read) books.#books.set(key, book)
    return books
  }
}
