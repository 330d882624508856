import { limits } from '../../limits.ts'
import type { Amount } from '../../accounting/observation.ts'
import { invalidAnswer, refuseAccount } from '../failure.ts'
import { assetOf, decimalOf, instantOf, rowOf, rowsOf } from '../field.ts'
import { onceOf } from '../holding.ts'
import type { TransferLine } from '../transfer.ts'
import { type FundKind, fundKinds, plainWord } from './funding-kind.ts'
import { cursorOf, type Page } from './row.ts'

/** Readers of what bybit tells of the funding wallet, their `result` each. */

export function fundBalancesOf(value: unknown): Amount[] {
  const result = rowOf(value, 'fund')
  if (result['accountType'] !== 'FUND') throw refuseAccount('accountType')
  const coins = rowsOf(result['balance'], 'fund.balance', limits.collector.assetsMax)
  return onceOf(
    coins.map((each) => {
      const row = rowOf(each, 'fund.balance')
      return {
        asset: assetOf(row['coin'], 'fund.coin'),
        amount: decimalOf(row['walletBalance'], 'fund.walletBalance', 'any'),
      }
    }),
    'fund.balance',
  )
}

/** One line of the funding wallet's history. */
export interface FundLine extends TransferLine {
  readonly account: 'funding'
  /** Null where its word is not known here. */
  readonly kind: FundKind | null
  /** What it says beside, as a plain word. */
  readonly label: string
}

/** The history gives no ids: second, coin, change and the balance behind it tell a line from any other. */
export function fundLinesOf(value: unknown, exchangeNowMs: number): Page<FundLine> {
  const result = rowOf(value, 'fundingHistory')
  const rows = rowsOf(result['list'], 'fundingHistory.list', 100).map((each): FundLine => {
    const row = rowOf(each, 'fundingHistory.list')
    const asset = assetOf(row['currency'], 'fundingHistory.currency')
    const amount = decimalOf(row['txnAmt'], 'fundingHistory.txnAmt', 'not-negative')
    const after = decimalOf(row['afterAmt'], 'fundingHistory.afterAmt', 'any')
    const direction = row['ioDirection']
    if (direction !== 'I' && direction !== 'O') throw invalidAnswer('fundingHistory.ioDirection')
    const second = row['createTime']
    if (typeof second !== 'string' || !/^\d{10}$/.test(second))
      throw invalidAnswer('fundingHistory.createTime')
    const kinds = [row['showBusiType'], row['showBusiTypeEn']].map(plainText)
    const label = [row['description'], row['descriptionEn']].map(plainText)
    const words = kinds.some((word) => word !== '') ? kinds : label
    const kind = words.find((word) => Object.hasOwn(fundKinds, word))
    return {
      account: 'funding',
      id: `${second}.${asset.replaceAll(/[^\w.-]/gu, hexOf)}.${direction}.${amount}.${after}`,
      asset,
      change: direction === 'I' ? amount : `-${amount}`,
      atMs: instantOf(Number(second) * 1_000, 'fundingHistory.createTime', exchangeNowMs),
      kind: kind === undefined ? null : (fundKinds[kind] ?? null),
      label: label.join(' ').trim(),
    }
  })
  return { rows, sent: rows.length, cursor: cursorOf(result, 'fundingHistory.nextPageCursor') }
}

/** Ids are plain text, coins may be written in any letters. */
function hexOf(letter: string): string {
  return (letter.codePointAt(0) ?? 0).toString(16)
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? plainWord(value.slice(0, 256)) : ''
}
