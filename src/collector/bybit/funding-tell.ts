import { parseDecimal, secondMs, signOf } from '@perf-agg/sdk'
import type { CashFlow, Conversion, FlowKind, Income } from '../../accounting/observation.ts'
import { entryOfLine, flowOfLine, movedBy } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import { outerTransfers, type Span, type TransferLine } from '../transfer.ts'
import { backWords, dustWords, securityWords, unifiedWords, yieldWords } from './funding-kind.ts'
import type { FundLine } from './funding-row.ts'

/** The sides of a conversion come within this of each other. */
const sideMs = 3 * secondMs
/** The history is behind by less. */
const lateMs = 60 * secondMs

/**
 * What the history of the funding wallet means, beside the transfers of the unified wallet where that is watched too:
 * what went from one to the other is nothing. What lies in earn products, with bots and with those who lend lies
 * elsewhere: to put it there is a transfer, and what it yields there is given. A line that nobody can name stays a line.
 */
export function tellFunding(
  lines: readonly FundLine[],
  span: Span,
  unified: readonly TransferLine[] | null,
): Omit<Reading, 'cutAtMs' | 'fills'> & {
  /** To and from neither of the two wallets, by the unified one's log or without a word: not among the flows. */
  readonly outer: readonly TransferLine[]
} {
  const own = lines.filter(({ change }) => signOf(parseDecimal(change)) !== 0)
  const isInner = (line: FundLine): boolean => unified !== null && isOfUnified(line)
  const transfers = outerTransfers<TransferLine>([...(unified ?? []), ...own.filter(isInner)], span)
  const [conversions, halves] = conversionsOf(own, span.fromMs)
  return {
    outer: transfers.lines,
    flows: own.filter((line) => !isInner(line)).flatMap(flowOf),
    conversions: conversions.map(conversionOf),
    incomes: own.flatMap(incomeOf),
    entries: own.map(entryOfLine),
    // the other side of one may still come
    pending:
      transfers.pending || (span.isOpen && halves.some((each) => each.at(-1)!.atMs > span.toMs - lateMs)),
  }
}

/** One that says nothing may be of the unified wallet: where that has no such line it is not. */
function isOfUnified({ kind, label }: FundLine): boolean {
  return kind === 'transfer' && (label === '' || unifiedWords.test(label))
}

function isIn({ change }: FundLine): boolean {
  return signOf(parseDecimal(change)) > 0
}

function kindOf(line: FundLine): FlowKind | null {
  const { kind, label } = line
  switch (kind) {
    case 'deposit':
    case 'withdrawal':
    case 'transfer':
    case 'reward':
      return kind
    case 'earn':
      return isIn(line) && yieldWords.test(label) ? 'reward' : 'transfer'
    case 'payment':
      if (securityWords.test(label)) return 'transfer'
      return isIn(line) === backWords.test(label) ? 'withdrawal' : 'deposit'
    case 'loan':
      return isInterest(line) ? null : 'transfer'
    default:
      return null
  }
}

function flowOf(line: FundLine): CashFlow[] {
  const flow = kindOf(line)
  return flow === null ? [] : [flowOfLine(line, flow)]
}

function isInterest(line: FundLine): boolean {
  return line.kind === 'loan' && !isIn(line) && line.label.includes('interest')
}

function incomeOf(line: FundLine): Income[] {
  const { id, asset, change, atMs, kind } = line
  const income = kind === 'rebate' ? kind : isInterest(line) ? 'interest' : null
  return income === null ? [] : [{ id, income, asset, amount: change, atMs }]
}

/** No number joins the sides of a conversion: they come one upon the other. Those that are whole, and those that are not. */
function conversionsOf(lines: readonly FundLine[], fromMs: number): readonly [FundLine[][], FundLine[][]] {
  const groups: FundLine[][] = []
  const converted = lines.filter(({ kind }) => kind === 'convert')
  for (const line of converted.toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))) {
    const last = groups.at(-1)
    if (last !== undefined && line.atMs - last.at(-1)!.atMs <= sideMs) last.push(line)
    else groups.push([line])
  }
  // what begins where the reading does may have begun before
  const whole = groups.filter((own) => own[0]!.atMs > fromMs + sideMs)
  const hasBoth = (own: readonly FundLine[]): boolean => own.some(isIn) && !own.every(isIn)
  return [whole.filter(hasBoth), whole.filter((own) => !hasBoth(own))]
}

function conversionOf(own: readonly FundLine[]): Conversion {
  return {
    id: own.find(isIn)?.id ?? '',
    conversion: own.every(({ label }) => dustWords.test(label)) ? 'dust' : 'convert',
    changes: movedBy(own),
    atMs: Math.max(...own.map(({ atMs }) => atMs)),
  }
}
