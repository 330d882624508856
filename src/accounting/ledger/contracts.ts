import { absolute, add, compare, divide, maximum, minimum, multiply, zero } from '@perf-agg/sdk'
import type { Decimal } from '@perf-agg/sdk'
import type { Reader, Writer } from '../codec.ts'
import {
  contractKey,
  isContractKey,
  readContractBytes,
  sameContract,
  worthScale,
  writeContract,
} from './contract.ts'
import type { Contract, HeldPosition } from './contract.ts'
import type { Entry } from '../entry/entry.ts'

interface Known {
  readonly contract: Contract
  /** Most decimal places seen in an entry price. */
  readonly entryScale: number
}

/** Every contract the account ever held: a quantity without its terms is no money. */
export class Contracts {
  #known = new Map<string, Known>()

  find(key: string): Contract | null {
    return this.#known.get(key)?.contract ?? null
  }

  /** False where the terms are not those that are known: what was counted by others can't be counted on. */
  agrees(contract: Contract): boolean {
    const known = this.find(contractKey(contract.kind, contract.symbol))
    return known === null || sameContract(known, contract)
  }

  learn(contract: Contract, entryScale = 0): void {
    const key = contractKey(contract.kind, contract.symbol)
    const known = this.#known.get(key)
    if (known !== undefined && known.entryScale >= entryScale) return
    this.#known.set(key, { contract: known?.contract ?? contract, entryScale })
  }

  /**
   * By settlement coin, how far cash may be off because the exchange rounds an average entry: one unit of its last
   * place on the whole position, at each of the two reads and for each fill in between.
   */
  rounding(
    from: readonly HeldPosition[],
    to: readonly HeldPosition[],
    entries: readonly Entry[],
  ): Map<string, Decimal> {
    const most = new Map<string, { count: number; quantity: Decimal; price: Decimal }>()
    const see = (contract: Contract, quantity: Decimal, price: Decimal): void => {
      const key = contractKey(contract.kind, contract.symbol)
      const one = most.get(key) ?? { count: 0, quantity: zero, price }
      most.set(key, {
        count: one.count + 1,
        quantity: add(one.quantity, absolute(quantity)),
        price: minimum(one.price, price),
      })
    }
    for (const { contract, quantity, entry } of [...from, ...to]) see(contract, quantity, entry)
    for (const entry of entries) {
      if (entry.kind === 'fill' && entry.contract !== null) see(entry.contract, entry.quantity, entry.price)
    }
    const rounding = new Map<string, Decimal>()
    for (const [key, { count, quantity, price }] of most) {
      const known = this.#known.get(key)
      if (known === undefined) continue
      const { contract, entryScale } = known
      const unit: Decimal = { digits: BigInt(count), scale: entryScale }
      const size = multiply(multiply(quantity, contract.size), unit)
      const off = contract.kind === 'linear' ? size : divide(size, multiply(price, price), worthScale)
      rounding.set(contract.settle, add(rounding.get(contract.settle) ?? zero, maximum(off, zero)))
    }
    return rounding
  }

  write(writer: Writer): void {
    writer.map(
      this.#known,
      (key) => writer.name(key),
      ({ contract, entryScale }) => {
        writeContract(writer, contract)
        writer.count(entryScale)
      },
    )
  }

  static read(reader: Reader): Contracts {
    const contracts = new Contracts()
    contracts.#known = reader.map(
      () => reader.name(),
      () => ({ contract: readContractBytes(reader), entryScale: reader.count() }),
    )
    for (const [key, { contract }] of contracts.#known) {
      if (key !== contractKey(contract.kind, contract.symbol) || !isContractKey(key)) reader.refuse()
      if (compare(contract.size, zero) <= 0) reader.refuse()
    }
    return contracts
  }
}
