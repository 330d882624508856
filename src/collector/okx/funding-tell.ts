import { minuteMs, parseDecimal, signOf, subtract } from '@perf-agg/sdk'
import type { FlowKind, Income } from '../../accounting/observation.ts'
import { entryOfLine, flowOfLine } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import { outerTransfers, type Span, type TransferLine } from '../transfer.ts'
import { type Converted, joinNear, joinTold } from './conversion.ts'
import { convertedTypes, fundingFlows, interestTypes, rebateTypes, tradingTypes } from './funding-kind.ts'
import type { FundingBill, Passage } from './funding-row.ts'

/** Other lists that name what bills do not. */
export interface Beside {
  readonly converted: readonly Converted[]
  readonly passages: readonly Passage[]
  readonly span: Span
  /** Of the trading account; null where that is not watched. */
  readonly transfers: readonly TransferLine[] | null
}

/** What the funding account's bills mean. One that nobody can name stays a bill. */
export function tellFunding(
  bills: readonly FundingBill[],
  { converted, passages, span, transfers }: Beside,
): Omit<Reading, 'cutAtMs' | 'fills'> {
  const own = bills.filter(({ change }) => signOf(parseDecimal(change)) !== 0)
  const isInner = ({ type }: FundingBill): boolean => transfers !== null && tradingTypes.has(type)
  const outer = outerTransfers<TransferLine>(
    [...(transfers ?? []), ...own.filter(isInner).map((bill) => ({ ...bill, account: 'funding' }))],
    span,
  )
  const told = joinTold(unnamedOf(own), converted)
  const near = joinNear(
    told.left.filter(({ id }) => own.some((bill) => bill.id === id && convertedTypes.has(bill.type))),
    span.fromMs,
  )
  const joined = new Set(told.left.map(({ id }) => id))
  const left = own.filter(({ id, type }) => joined.has(id) && !convertedTypes.has(type))
  return {
    flows: [
      ...outer.lines.map((line) => flowOfLine(line, 'transfer')),
      ...own.flatMap((bill) => {
        const flow = isInner(bill) ? undefined : kindOf(bill)
        return flow === undefined ? [] : [flowOfLine(bill, flow)]
      }),
      ...left.flatMap((bill) => {
        const passage = passages.find((each) => isBehind(each, bill))
        return passage === undefined ? [] : [flowOfLine(bill, passage.flow)]
      }),
    ],
    conversions: [...told.conversions, ...near.conversions],
    incomes: own.flatMap(incomeOf),
    entries: own.map(entryOfLine),
    pending: outer.pending,
  }
}

/** Whose number does not say what it was, or does not say with which other it belongs together. */
export function unnamedOf(bills: readonly FundingBill[]): readonly FundingBill[] {
  return bills.filter(
    (bill) =>
      signOf(parseDecimal(bill.change)) !== 0 &&
      kindOf(bill) === undefined &&
      !interestTypes.has(bill.type) &&
      !rebateTypes.has(bill.type),
  )
}

/** Those of them that deposits and withdrawals may stand behind. */
export function isStrange({ type }: FundingBill): boolean {
  return !convertedTypes.has(type)
}

function kindOf({ type }: FundingBill): FlowKind | undefined {
  return tradingTypes.has(type) ? 'transfer' : fundingFlows.get(type)
}

function isBehind({ asset, changes, atMs }: Passage, bill: FundingBill): boolean {
  const isSame = (change: string): boolean =>
    signOf(subtract(parseDecimal(change), parseDecimal(bill.change))) === 0
  // its list has when it began
  return asset === bill.asset && atMs <= bill.atMs + minuteMs && changes.some(isSame)
}

function incomeOf({ id, type, asset, change, atMs }: FundingBill): Income[] {
  const income = interestTypes.has(type) ? 'interest' : rebateTypes.has(type) ? 'rebate' : null
  return income === null ? [] : [{ id, income, asset, amount: change, atMs }]
}
