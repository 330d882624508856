import { add, negate, parseDecimal, signOf, toText } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Income } from '../../accounting/observation.ts'
import {
  assetOf,
  dateTimeOf,
  decimalOf,
  idOf,
  instantOf,
  integerOf,
  type Row,
  rowOf,
  rowsOf,
} from '../field.ts'

/** What moves a spot wallet seldom: money of banks, payments, earn, sub-accounts. */

const rowsMax = 500

function dataOf(value: unknown, place: string, member = 'data'): Row[] {
  return rowsOf(rowOf(value, place)[member] ?? [], place, rowsMax).map((each) => rowOf(each, place))
}

function flow(kind: CashFlow['flow'], id: string, asset: string, amount: string, atMs: number): CashFlow[] {
  if (signOf(parseDecimal(amount)) === 0) return []
  return [{ id, flow: kind, asset, amount, atMs, atEstimated: false }]
}

/** Instants come as numbers or as text. */
function millisOf(value: unknown, place: string, exchangeNowMs: number): number {
  const whole = typeof value === 'string' && /^\d{13}$/.test(value) ? Number(value) : value
  return instantOf(whole, place, exchangeNowMs)
}

/** Of banks: what arrived, and what left as it was applied for. */
export function fiatOrdersOf(value: unknown, direction: 'in' | 'out', exchangeNowMs: number): CashFlow[] {
  return dataOf(value, 'fiatOrders').flatMap((row) => {
    if (row['status'] !== 'Successful' && row['status'] !== 'Finished') return []
    const id = `fiat:${idOf(row['orderNo'], 'fiatOrder.orderNo')}`
    const asset = assetOf(row['fiatCurrency'], 'fiatOrder.fiatCurrency')
    if (direction === 'in') {
      const amount = decimalOf(row['amount'], 'fiatOrder.amount', 'not-negative')
      return flow(
        'deposit',
        id,
        asset,
        amount,
        millisOf(row['updateTime'], 'fiatOrder.updateTime', exchangeNowMs),
      )
    }
    const sent = decimalOf(
      row['indicatedAmount'] ?? row['amount'],
      'fiatOrder.indicatedAmount',
      'not-negative',
    )
    return flow(
      'withdrawal',
      id,
      asset,
      `-${sent}`,
      millisOf(row['createTime'], 'fiatOrder.createTime', exchangeNowMs),
    )
  })
}

/**
 * To other houses, in countries whose law wants to know of whom: told here, if not with the other withdrawals, under the
 * same ids. One that the law held up never left.
 */
export function namedWithdrawalsOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return rowsOf(value, 'namedWithdrawals', 1_000).flatMap((each) => {
    const row = rowOf(each, 'namedWithdrawals')
    // 1 cancelled, 3 rejected, 5 failed
    const status = row['withdrawalStatus']
    if (status === undefined || status === null || [1, 3, 5].includes(integerOf(status, 'named.status')))
      return []
    if (row['walletType'] === 1) return []
    const amount = decimalOf(row['amount'], 'named.amount', 'positive')
    const fee = decimalOf(row['transactionFee'] ?? '0', 'named.transactionFee', 'not-negative')
    const applied = row['applyTime']
    const atMs =
      typeof applied === 'string' && applied.includes(':')
        ? dateTimeOf(applied, 'named.applyTime', exchangeNowMs)
        : millisOf(applied, 'named.applyTime', exchangeNowMs)
    const left = toText(negate(add(parseDecimal(amount), parseDecimal(fee))))
    return flow('withdrawal', idOf(row['id'], 'named.id'), assetOf(row['coin'], 'named.coin'), left, atMs)
  })
}

/**
 * From other houses, the same. The list of deposits tells what the law let in: one counts here only where it is just what
 * is missing, at the time it appeared.
 */
export function namedDepositsOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return rowsOf(value, 'namedDeposits', 1_000).flatMap((each) => {
    const row = rowOf(each, 'namedDeposits')
    // 1 success, 6 credited but not yet to be withdrawn
    if (row['depositStatus'] !== 1 && row['depositStatus'] !== 6) return []
    const id = `named:${idOf(row['tranId'] ?? row['depositId'] ?? row['trId'], 'named.tranId')}`
    const amount = decimalOf(row['amount'], 'named.amount', 'positive')
    const atMs = millisOf(row['insertTime'], 'named.insertTime', exchangeNowMs)
    return flow('deposit', id, assetOf(row['coin'], 'named.coin'), amount, atMs).map((deposit) => ({
      ...deposit,
      atEstimated: true,
    }))
  })
}

/** Coins bought or sold for money of a card, or for what lies in the wallet itself: then one thing became another. */
export function fiatPaymentsOf(
  value: unknown,
  direction: 'in' | 'out',
  exchangeNowMs: number,
): { readonly flows: readonly CashFlow[]; readonly conversions: readonly Conversion[] } {
  const flows: CashFlow[] = []
  const conversions: Conversion[] = []
  for (const row of dataOf(value, 'fiatPayments')) {
    if (row['status'] !== 'Completed') continue
    const id = `fiat:${idOf(row['orderNo'], 'fiatPayment.orderNo')}`
    const atMs = millisOf(row['updateTime'] ?? row['createTime'], 'fiatPayment.updateTime', exchangeNowMs)
    const coin = assetOf(row['cryptoCurrency'], 'fiatPayment.cryptoCurrency')
    const got = decimalOf(row['obtainAmount'], 'fiatPayment.obtainAmount', 'not-negative')
    const amount = direction === 'in' ? got : `-${got}`
    if (row['paymentMethod'] !== 'Cash Balance') {
      flows.push(...flow(direction === 'in' ? 'deposit' : 'withdrawal', id, coin, amount, atMs))
      continue
    }
    const paid = decimalOf(row['sourceAmount'], 'fiatPayment.sourceAmount', 'not-negative')
    const money = {
      asset: assetOf(row['fiatCurrency'], 'fiatPayment.fiatCurrency'),
      amount: direction === 'in' ? `-${paid}` : paid,
    }
    conversions.push({ id, conversion: 'convert', changes: [money, { asset: coin, amount }], atMs })
  }
  return { flows, conversions }
}

/** Which wallet a payment used: 2 is spot's. */
const spotNumber = '2'

/** Received into this wallet, or the part of what was spent that was taken from it. */
export function paymentsOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return dataOf(value, 'payments').flatMap((row) => {
    const id = `pay:${idOf(row['transactionId'], 'payment.transactionId')}`
    const atMs = millisOf(row['transactionTime'], 'payment.transactionTime', exchangeNowMs)
    const amount = decimalOf(row['amount'], 'payment.amount', 'any')
    if (signOf(parseDecimal(amount)) >= 0) {
      if (String(row['walletType']) !== spotNumber) return []
      return flow('deposit', id, assetOf(row['currency'], 'payment.currency'), amount, atMs)
    }
    const parts = rowsOf(row['fundsDetail'] ?? [], 'payment.fundsDetail', 64).flatMap((each) => {
      const part = rowOf(each, 'payment.fundsDetail')
      const asset = assetOf(part['currency'], 'payment.fundsDetail.currency')
      return rowsOf(part['walletAssetCost'] ?? [], 'payment.walletAssetCost', 16).flatMap((cost) => {
        const spent = rowOf(cost, 'payment.walletAssetCost')[spotNumber]
        if (spent === undefined) return []
        const size = decimalOf(spent, 'payment.walletAssetCost', 'not-negative')
        return flow('withdrawal', `${id}:${asset}`, asset, `-${size}`, atMs)
      })
    })
    if (parts.length > 0 || String(row['walletType']) !== spotNumber) return parts
    return flow('withdrawal', id, assetOf(row['currency'], 'payment.currency'), amount, atMs)
  })
}

/** Peer to peer. Which wallet it moved the list does not say: it counts only where it is just what is missing. */
export function peerTradesOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return dataOf(value, 'peerTrades').flatMap((row) => {
    if (row['orderStatus'] !== 'COMPLETED') return []
    const id = `c2c:${idOf(row['orderNumber'], 'peerTrade.orderNumber')}`
    const asset = assetOf(row['asset'], 'peerTrade.asset')
    const amount = decimalOf(row['amount'], 'peerTrade.amount', 'not-negative')
    const atMs = millisOf(row['createTime'], 'peerTrade.createTime', exchangeNowMs)
    return row['tradeType'] === 'SELL'
      ? flow('withdrawal', id, asset, `-${amount}`, atMs)
      : flow('deposit', id, asset, amount, atMs)
  })
}

/** What coins earn that are lent out and still stand in the wallet: by the minute, onto themselves. */
export function earningsOf(value: unknown, exchangeNowMs: number): Income[] {
  return dataOf(value, 'earnings', 'rows').flatMap((row): Income[] => {
    const asset = assetOf(row['asset'], 'earning.asset')
    const atMs = millisOf(row['time'], 'earning.time', exchangeNowMs)
    const amount = decimalOf(row['rewards'], 'earning.rewards', 'not-negative')
    if (signOf(parseDecimal(amount)) === 0) return []
    const product = idOf(row['projectId'] ?? asset, 'earning.projectId')
    return [
      { id: `earn:${product}:${asset.replaceAll(/\W/g, '')}:${atMs}`, income: 'earn', asset, amount, atMs },
    ]
  })
}

/** Locked coins lie elsewhere: what goes there leaves. Renewing moves nothing. */
export function lockedOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return dataOf(value, 'locked', 'rows').flatMap((row) => {
    if (row['status'] !== undefined && row['status'] !== 'SUCCESS') return []
    if (row['type'] === 'AUTO' || row['sourceAccount'] === 'FUND') return []
    const amount = decimalOf(row['amtFromSpot'] ?? row['amount'], 'locked.amount', 'not-negative')
    const id = `lock:${idOf(row['purchaseId'] ?? row['positionId'], 'locked.purchaseId')}`
    const atMs = millisOf(row['time'], 'locked.time', exchangeNowMs)
    return flow('transfer', id, assetOf(row['asset'], 'locked.asset'), `-${amount}`, atMs)
  })
}

export function unlockedOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return dataOf(value, 'unlocked', 'rows').flatMap((row) => {
    if (row['status'] !== undefined && row['status'] !== 'PAID') return []
    const amount = decimalOf(row['amount'], 'unlocked.amount', 'not-negative')
    const id = `unlock:${idOf(row['redeemId'] ?? row['positionId'], 'unlocked.redeemId')}`
    const delivered = row['deliverDate']
    const isTold = delivered !== undefined && delivered !== null && delivered !== ''
    const atMs = millisOf(isTold ? delivered : row['time'], 'unlocked.deliverDate', exchangeNowMs)
    return flow('transfer', id, assetOf(row['asset'], 'unlocked.asset'), amount, atMs)
  })
}

/** Of an account that is another's: from and to that one. */
export function familyOf(value: unknown, exchangeNowMs: number): CashFlow[] {
  return rowsOf(value, 'family', rowsMax).flatMap((each) => {
    const row = rowOf(each, 'family')
    const leaves = row['type'] === 2
    const own = leaves ? row['fromAccountType'] : row['toAccountType']
    if (row['status'] !== 'SUCCESS' || (own !== undefined && own !== 'SPOT')) return []
    const amount = decimalOf(row['qty'], 'family.qty', 'not-negative')
    const id = `family:${idOf(row['tranId'], 'family.tranId')}`
    const asset = assetOf(row['asset'], 'family.asset')
    const atMs = millisOf(row['time'], 'family.time', exchangeNowMs)
    return flow('transfer', id, asset, leaves ? `-${amount}` : amount, atMs)
  })
}
