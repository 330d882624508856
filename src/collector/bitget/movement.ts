import { absolute, add, compare, hourMs, negate, parseDecimal, toText } from '@perf-agg/sdk'
import type { CashFlow, FlowKind } from '../../accounting/observation.ts'
import { amountOrZero, assetOf, decimalOf, idOf, millisOf, rowOf, rowsOf, wordOf } from '../field.ts'
import { flowOfLine } from '../ledger-line.ts'
import type { Page, ReadPages } from '../span.ts'
import { type Asked, type Desk, pages } from './book.ts'
import { endpoints } from './endpoint.ts'
import { type Bill, lastIdOf, plain, type SentPage } from './row.ts'

/**
 * What the lists of deposits, withdrawals and transfers say: it gives a name to a line of a wallet whose own kind is not
 * known. The lines alone say what moved.
 */
export interface Movement {
  readonly id: string
  readonly flow: FlowKind
  readonly asset: string
  /** What it may have changed, signed: with its fee, and without. */
  readonly changes: readonly string[]
  readonly atMs: number
}

/** Of a withdrawal `size` is what arrives, or what leaves. */
export function movementsOf(
  value: unknown,
  flow: 'deposit' | 'withdrawal',
  exchangeNowMs: number,
): SentPage<Movement> {
  const all = rowsOf(value, `${flow}s`, 100)
  const rows = all.flatMap((each): Movement[] => {
    const row = rowOf(each, `${flow}s`)
    const size = parseDecimal(decimalOf(row['size'], `${flow}.size`, 'not-negative'))
    const fee = absolute(parseDecimal(amountOrZero(row['fee'], `${flow}.fee`)))
    const changes = flow === 'deposit' ? [size] : [negate(size), negate(add(size, fee))]
    if (plain(row['status'], `${flow}.status`) !== 'success') return []
    return [
      {
        // each list counts for itself
        id: `${flow}.${idOf(row['orderId'], `${flow}.orderId`)}`,
        flow,
        asset: assetOf(row['coin'], `${flow}.coin`),
        changes: changes.map(toText),
        atMs: millisOf(row['cTime'] ?? row['createdTime'], `${flow}.cTime`, exchangeNowMs),
      },
    ]
  })
  return { rows, next: lastIdOf(all, 'orderId'), sent: all.length }
}

/** Between the client's own accounts: as it changed the one of that name. */
export function ownTransfersOf(value: unknown, account: RegExp, exchangeNowMs: number): SentPage<Movement> {
  const all = rowsOf(value, 'transfers', 500)
  const rows = all.flatMap((each): Movement[] => {
    const row = rowOf(each, 'transfers')
    if (plain(row['status'], 'transfer.status') !== 'successful') return []
    const size = parseDecimal(decimalOf(row['size'], 'transfer.size', 'not-negative'))
    const isOut = account.test(wordOf(row['fromType'], 'transfer.fromType'))
    if (!isOut && !account.test(wordOf(row['toType'], 'transfer.toType'))) return []
    return [
      {
        id: idOf(row['transferId'], 'transfer.transferId'),
        flow: 'transfer',
        asset: assetOf(row['coin'], 'transfer.coin'),
        changes: [toText(isOut ? negate(size) : size)],
        atMs: millisOf(row['ts'], 'transfer.ts', exchangeNowMs),
      },
    ]
  })
  return { rows, next: lastIdOf(all, 'transferId'), sent: all.length }
}

type List<Each> = (next: string | null) => Promise<Page<Each>>

/** All rows of several lists; null where they have more than is read at once. */
export async function readAll<Each extends { readonly id: string; readonly atMs: number }>(
  lists: readonly List<Each>[],
  readPages: ReadPages,
): Promise<readonly Each[] | null> {
  const all: Each[] = []
  for (const list of lists) {
    const own = await readPages(list)
    if (own === null) return null
    all.push(...own)
  }
  return all
}

/** The lists of what came from elsewhere and went there, of a unified account. */
export function unifiedMovements(desk: Desk, span: Asked, readPages: ReadPages) {
  const asked = { ...span, limit: 100 }
  const lists = (['deposit', 'withdrawal'] as const).map((flow) => {
    const endpoint = flow === 'deposit' ? endpoints.unifiedDeposits : endpoints.unifiedWithdrawals
    return pages(desk, endpoint, asked, (value, atMs) => movementsOf(value, flow, atMs), 'cursor')
  })
  return readAll(lists, readPages)
}

/** A deposit is listed when it was seen, and its line when it was credited. */
const nearMs = hourMs

/** The lines that the lists give a name, each by one movement. */
export function namedBy(lines: readonly Bill[], movements: readonly Movement[]): readonly CashFlow[] {
  const left = new Set(movements)
  return lines.flatMap((line): CashFlow[] => {
    const found = [...left].find((each) => isOf(each, line))
    if (found === undefined) return []
    left.delete(found)
    return [flowOfLine(line, found.flow)]
  })
}

function isOf({ asset, changes, atMs }: Movement, line: Bill): boolean {
  return (
    asset === line.asset &&
    Math.abs(atMs - line.atMs) <= nearMs &&
    changes.some((change) => compare(parseDecimal(change), parseDecimal(line.change)) === 0)
  )
}
