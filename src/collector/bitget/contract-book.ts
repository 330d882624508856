import { absolute, compare, parseDecimal, round, signOf, subtract, toText } from '@perf-agg/sdk'
import type { Amount, CashFlow, Income, Position } from '../../accounting/observation.ts'
import { entryOfContract } from '../explain.ts'
import { entryOfLine, flowOfLine } from '../ledger-line.ts'
import { eachOnce, type ReadPages } from '../span.ts'
import { type Asked, type Book, contractBy, type Desk, pages, type Telling } from './book.ts'
import {
  type ContractBill,
  contractBalancesOf,
  contractBillsOf,
  type ContractFill,
  contractFillsOf,
  positionsOf,
} from './contract.ts'
import { endpoints } from './endpoint.ts'
import type { Product } from './product.ts'
import type { Bill } from './row.ts'

interface Part {
  readonly bills: readonly ContractBill[]
  readonly fills: readonly ContractFill[]
}

/** The wallet, or the wallets, of one product of contracts. */
export class ContractBook implements Book<Part> {
  readonly #desk: Desk
  readonly #product: Product
  #isEmpty = false

  constructor(desk: Desk, product: Product) {
    this.#desk = desk
    this.#product = product
  }

  async balances(): Promise<readonly Amount[]> {
    const { caller, clock } = this.#desk
    const productType = this.#product
    const { value } = await caller.call(endpoints.contractAccounts, { productType })
    const told = contractBalancesOf(value, productType)
    const holdsNothing = told.every(({ amount }) => signOf(parseDecimal(amount)) === 0)
    // nothing is open that nothing backs
    this.#isEmpty = holdsNothing && told.length > 0
    if (holdsNothing) return []
    const newest = await caller.call(endpoints.contractBills, { productType, limit: 20 })
    // to the last unit it stands behind the newest bill: equity and profit are rounded each by itself
    const bills = contractBillsOf(newest.value, productType, clock.exchangeNowMs()).rows
    return told.map((each) => exactOf(each, bills))
  }

  async positions(): Promise<readonly Position[]> {
    if (this.#isEmpty) return []
    const { value } = await this.#desk.caller.call(endpoints.positions, { productType: this.#product })
    return positionsOf(value, this.#product, contractBy(this.#desk))
  }

  async span(span: Asked, thorough: boolean, readPages: ReadPages): Promise<Part | null> {
    const asked = { ...span, productType: this.#product, limit: 100 }
    const bills = await readPages(
      pages(this.#desk, endpoints.contractBills, asked, (value, exchangeNowMs) =>
        contractBillsOf(value, this.#product, exchangeNowMs),
      ),
    )
    if (bills === null) return null
    if (!thorough && bills.length === 0) return { bills, fills: [] }
    const fills = await readPages(
      pages(this.#desk, endpoints.contractFills, asked, (value, exchangeNowMs) =>
        contractFillsOf(value, this.#product, contractBy(this.#desk), exchangeNowMs),
      ),
    )
    return fills === null ? null : { bills, fills }
  }

  tell(parts: readonly Part[]): Telling {
    const bills = eachOnce(parts.flatMap((part) => part.bills))
    const fills = eachOnce(parts.flatMap((part) => part.fills))
    return {
      fills: fills.map(({ fill }) => fill),
      flows: bills.flatMap(contractRewardOf),
      incomes: bills.flatMap(contractIncomeOf),
      conversions: fills.flatMap(({ paid }) => (paid === null ? [] : [paid])),
      transfers: bills.filter(isContractTransfer).map((bill) => ({ ...bill, account: this.#product })),
      entries: [...fills.map(({ fill }) => entryOfContract(fill)), ...bills.map(entryOfLine)],
      pending: false,
    }
  }
}

/** So much the two may differ by their rounding. */
const roundingMost = '0.001'
/** Places of a wallet's amounts. */
const walletPlaces = 8

function exactOf({ asset, amount }: Amount, bills: readonly ContractBill[]): Amount {
  const last = bills.find((bill) => bill.asset === asset && bill.balance !== '')
  const off = last === undefined ? null : absolute(subtract(parseDecimal(last.balance), parseDecimal(amount)))
  if (last === undefined || off === null || compare(off, parseDecimal(roundingMost)) > 0) {
    return { asset, amount: toText(round(parseDecimal(amount), walletPlaces)) }
  }
  return { asset, amount: last.balance }
}

function isContractTransfer({ kind }: Bill): boolean {
  return kind.startsWith('trans')
}

function contractIncomeOf({ id, kind, asset, change, atMs }: Bill): Income[] {
  if (signOf(parseDecimal(change)) === 0) return []
  if (kind === 'contractsettlefee') {
    return [{ id: `contract.${id}`, income: 'funding', asset, amount: change, atMs }]
  }
  // what the insurance took, or gave back
  if (kind === 'riskcaptitalusertransfer' || kind === 'riskcapitalusertransfer') {
    return [{ id: `contract.${id}`, income: 'liquidation-fee', asset, amount: change, atMs }]
  }
  return []
}

const rewardKinds = /^(cashgift|bonus)/

function contractRewardOf(bill: Bill): CashFlow[] {
  if (!rewardKinds.test(bill.kind) || signOf(parseDecimal(bill.change)) === 0) return []
  return [flowOfLine({ ...bill, id: `contract.${bill.id}` }, 'reward')]
}
