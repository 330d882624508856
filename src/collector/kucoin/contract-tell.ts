import { negate, parseDecimal, signOf, toText } from '@perf-agg/sdk'
import type { CashFlow, Fill, FlowKind } from '../../accounting/observation.ts'
import { entryOfIncome } from '../explain.ts'
import { entryOfLine } from '../ledger-line.ts'
import type { Reading } from '../ledger-poll.ts'
import type { TransferLine } from '../transfer.ts'
import type { ContractFill, ContractLine } from './contract-row.ts'
import type { FuturesPart } from './futures.ts'

/** What the lists of kucoin's futures wallets mean. */

interface Told extends Pick<Reading, 'fills' | 'flows' | 'incomes' | 'entries' | 'pending'> {
  /** From and to the client's other accounts, of which some may be watched. */
  readonly transfers: readonly TransferLine[]
}

/** Which way each goes: its amount stands there with a sign or without. */
const directions: Readonly<Record<string, { readonly flow: FlowKind; readonly isOut: boolean }>> = {
  transferin: { flow: 'transfer', isOut: false },
  transferout: { flow: 'transfer', isOut: true },
  deposit: { flow: 'deposit', isOut: false },
  withdrawal: { flow: 'withdrawal', isOut: true },
}

export function tellFutures({ lines, fills, fundings }: FuturesPart): Told {
  // what was realised follows from the fills and the funding
  const moved = lines.filter(({ kind, isDone }) => isDone && kind !== 'realisedpnl').map(signed)
  const known = moved.filter(({ kind }) => Object.hasOwn(directions, kind))
  const incomes = fundings.map(({ income }) => income).filter(({ amount }) => !isNothing(amount))
  return {
    fills: named(fills),
    flows: known.flatMap(flowOf),
    transfers: known
      .filter(({ kind }) => directions[kind]?.flow === 'transfer')
      .map(({ id, asset, amount, atMs }) => ({
        id: `futures.${id}`,
        account: 'contract',
        asset,
        change: amount,
        atMs,
      })),
    incomes,
    entries: [
      ...fills.map(({ entry }) => entry),
      ...incomes.map(entryOfIncome),
      ...moved.map(({ asset, amount, atMs }) => entryOfLine({ asset, change: amount, atMs })),
    ],
    pending: lines.some(({ kind, isDone }) => !isDone && Object.hasOwn(directions, kind)),
  }
}

function signed(line: ContractLine): ContractLine {
  const direction = Object.hasOwn(directions, line.kind) ? directions[line.kind] : undefined
  if (direction === undefined) return line
  const amount = line.amount.replace('-', '')
  return { ...line, amount: direction.isOut ? toText(negate(parseDecimal(amount))) : amount }
}

function isNothing(amount: string): boolean {
  return signOf(parseDecimal(amount)) === 0
}

function flowOf({ id, kind, asset, amount, atMs }: ContractLine): CashFlow[] {
  const flow = directions[kind]?.flow ?? 'transfer'
  if (flow === 'transfer' || isNothing(amount)) return []
  return [{ id: `futures.${id}`, flow, asset, amount, atMs, atEstimated: false }]
}

/** Who trades with oneself has one number on both sides: the selling one is told apart. */
function named(rows: readonly ContractFill[]): Fill[] {
  const numbers = Map.groupBy(rows, ({ contractId, fill }) => `${contractId} ${fill?.id ?? ''}`)
  return rows.flatMap(({ contractId, fill }): Fill[] => {
    if (fill === null) return []
    const isOwn = (numbers.get(`${contractId} ${fill.id}`)?.length ?? 0) > 1
    return [isOwn && fill.side === 'sell' ? { ...fill, id: `${fill.id}.sell` } : fill]
  })
}
