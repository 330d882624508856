import type { Change, Purse } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { type BookRow, feeOf, idOf, newestFirst, type Records, shownOf } from './book.ts'

/** bitget's margin accounts, the cross one and those of single pairs, and what their lists say. */

/** The wallet that a call is about: of a pair where it names one. */
export function purseOf(path: string, symbol: string | null): Purse {
  return path.includes('/crossed/') ? 'margin' : `isolated ${symbol ?? ''}`
}

export function crossedAssets(wallet: Wallet): unknown[] {
  const owed = wallet.debts().filter(({ purse }) => purse === 'margin')
  const coins = new Set([...wallet.held('margin'), ...owed.map(({ asset }) => asset)])
  return [...coins].map((coin) => assetOf(wallet, 'margin', coin))
}

export function isolatedAssets(wallet: Wallet): unknown[] {
  const purses = new Set(wallet.changes.flatMap(({ moves }) => moves.map(({ purse = 'spot' }) => purse)))
  return [...purses].flatMap((purse) => {
    if (!purse.startsWith('isolated ')) return []
    const symbol = purse.slice('isolated '.length)
    const [, base = '', quote = ''] = /^(.+)(USDT|BTC)$/.exec(symbol) ?? []
    return [base, quote].map((coin) => ({ symbol, ...assetOf(wallet, purse, coin) }))
  })
}

function assetOf(wallet: Wallet, purse: Purse, coin: string): Readonly<Record<string, string>> {
  const held = wallet.balance(coin, purse)
  const { principal, interest } = wallet.debt(coin, purse)
  return {
    coin,
    totalAmount: fromUnits(held),
    available: fromUnits(held),
    frozen: '0',
    borrow: fromUnits(principal),
    interest: fromUnits(interest),
    net: fromUnits(held - principal - interest),
    coupon: '0',
  }
}

/** Amounts without a sign: what they are called says which way they went. Interest has a list of its own. */
export function recordsOf(records: Records, uid: string, purse: Purse, nowMs: number): BookRow[] {
  const rows: BookRow[] = []
  for (const { change, moves, held } of shownOf(records, uid, purse, nowMs)) {
    for (const [index, [marginType, coin, amount, fee]] of linesOf(change, moves).entries()) {
      const id = idOf(change.sequence, index)
      const row = {
        marginId: String(id),
        amount: amount.replace('-', ''),
        coin,
        balance: fromUnits(held.get(coin) ?? 0n),
        fee: fee ?? '0',
        marginType,
        ...(purse === 'margin' ? {} : { symbol: purse.slice('isolated '.length) }),
        uTime: String(change.atMs),
        cTime: String(change.atMs),
      }
      rows.push({ atMs: change.atMs, id, row })
    }
  }
  return newestFirst(rows)
}

type Line = readonly [marginType: string, coin: string, amount: string, fee?: string]

function linesOf({ cause, fill, info = '' }: Change, moves: Change['moves']): Line[] {
  const [coin = '', principal = '0', interest = '0'] = info.split(' ')
  switch (cause) {
    case 'fill': {
      if (fill === undefined) return []
      const { base, quote, quantity, quoteQuantity, fee, side } = fill
      const bought = side === 'buy'
      const deal = (asset: string, amount: string, isIn: boolean): Line => [
        isIn ? 'deal_in' : 'deal_out',
        asset,
        amount,
        fee.asset === asset ? fromUnits(-toUnits(fee.amount)) : '0',
      ]
      const isThird = fee.asset !== base && fee.asset !== quote && toUnits(fee.amount) !== 0n
      return [
        deal(base, quantity, bought),
        deal(quote, quoteQuantity, !bought),
        ...(isThird ? [['deal_out', fee.asset, fee.amount] as const] : []),
      ]
    }
    case 'transfer':
      return moves.map(({ asset, amount }) => [
        amount.startsWith('-') ? 'transfer_out' : 'transfer_in',
        asset,
        amount,
      ])
    case 'borrow':
      return [['borrow', coin, principal]]
    case 'repay':
      return [['repay', coin, fromUnits(toUnits(principal) + toUnits(interest))]]
    default:
      return []
  }
}

export function interestOf(records: Records, uid: string, purse: Purse, nowMs: number): BookRow[] {
  const rows: BookRow[] = []
  for (const { change, moves } of shownOf(records, uid, purse, nowMs)) {
    if (change.cause !== 'interest') continue
    for (const [index, { asset, amount }] of moves.entries()) {
      const id = idOf(change.sequence, index)
      const row = {
        interestId: String(id),
        loanCoin: asset,
        interestCoin: asset,
        dailyInterestRate: '0.000024',
        interestAmount: amount.replace('-', ''),
        interstType: 'scheduled',
        uTime: String(change.atMs),
        cTime: String(change.atMs),
      }
      rows.push({ atMs: change.atMs, id, row })
    }
  }
  return newestFirst(rows)
}

/** Of one market; the rows do not say which. */
export function marginFillsOf(
  records: Records,
  uid: string,
  { purse, symbol, nowMs }: { readonly purse: Purse; readonly symbol: string; readonly nowMs: number },
): BookRow[] {
  const rows: BookRow[] = []
  for (const { change } of shownOf(records, uid, purse, nowMs)) {
    const { fill, sequence, atMs } = change
    if (fill === undefined || fill.base + fill.quote !== symbol) continue
    const row = {
      orderId: String(fill.orderId),
      tradeId: String(idOf(sequence)),
      orderType: fill.maker ? 'limit' : 'market',
      side: fill.side,
      priceAvg: fill.price,
      size: fill.quantity,
      amount: fill.quoteQuantity,
      tradeScope: fill.maker ? 'maker' : 'taker',
      cTime: String(atMs),
      uTime: String(atMs + 1),
      feeDetail: feeOf(fill),
    }
    rows.push({ atMs, id: idOf(sequence), row })
  }
  return newestFirst(rows)
}
