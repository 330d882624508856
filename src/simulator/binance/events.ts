import type { Change, Purse } from '../truth.ts'
import { fromUnits } from '../units.ts'
import type { FillRecord, Wallet } from '../wallet.ts'

/** What binance tells while it happens, in its own letters. */

export type FuturesKind = 'linear' | 'inverse'

/** A trade: its report, then the balances that it touched. */
export function spotEvents(wallet: Wallet, change: Change, fill: FillRecord | null): readonly object[] {
  const { atMs, cause, moves } = change
  const mine = moves.filter(({ purse = 'spot' }) => purse === 'spot')
  if (mine.length === 0) return []
  const position = {
    e: 'outboundAccountPosition',
    E: atMs,
    u: atMs,
    B: [...new Set(mine.map(({ asset }) => asset))].map((asset) => ({
      a: asset,
      f: fromUnits(wallet.balance(asset) - wallet.locked(asset)),
      l: fromUnits(wallet.locked(asset)),
    })),
  }
  if (fill !== null) return fill.purse === 'spot' ? [reportOf(fill), position] : []
  const isFlow = ['deposit', 'withdrawal', 'withdrawal-returned', 'transfer'].includes(cause)
  if (!isFlow) return [position]
  return [
    position,
    ...mine.map(({ asset, amount }) => ({ e: 'balanceUpdate', E: atMs, a: asset, d: amount, T: atMs })),
  ]
}

function reportOf({ id, marketId, atMs, fill }: FillRecord): object {
  return {
    e: 'executionReport',
    E: atMs,
    s: marketId,
    c: `simulated-${fill.orderId}`,
    S: fill.side === 'buy' ? 'BUY' : 'SELL',
    o: 'LIMIT',
    f: 'GTC',
    q: fill.quantity,
    p: fill.price,
    P: '0.00000000',
    F: '0.00000000',
    g: -1,
    C: '',
    x: 'TRADE',
    X: 'FILLED',
    r: 'NONE',
    i: fill.orderId,
    l: fill.quantity,
    z: fill.quantity,
    L: fill.price,
    n: fill.fee.amount,
    N: fill.fee.asset,
    T: atMs,
    t: id,
    v: 3,
    I: id * 2,
    w: false,
    m: fill.maker,
    M: true,
    O: atMs,
    Z: fill.quoteQuantity,
    Y: fill.quoteQuantity,
    Q: '0.00000000',
    W: atMs,
    V: 'NONE',
  }
}

/** A trade: the account's balances and position, then the order's report. */
export function contractEvents(
  wallet: Wallet,
  kind: FuturesKind,
  purse: Purse,
  change: Change,
  fill: FillRecord | null,
): readonly object[] {
  const { atMs, moves } = change
  const contract = fill?.fill.contract
  if (fill !== null && contract?.kind !== kind) return []
  const mine = moves.filter((move) => (move.purse ?? 'spot') === purse)
  if (fill === null && mine.length === 0) return []
  const positions = fill === null ? [] : wallet.positions.filter((each) => each.contract.id === fill.marketId)
  const update = {
    e: 'ACCOUNT_UPDATE',
    E: atMs,
    T: atMs,
    a: {
      m: fill === null ? reasonOf(change) : 'ORDER',
      B: [...new Set(mine.map(({ asset }) => asset))].map((asset) => {
        const balance = fromUnits(wallet.balance(asset, purse))
        return { a: asset, wb: balance, cw: balance, bc: '0' }
      }),
      P: positions.map((position) => ({
        s: position.contract.id,
        pa: fromUnits(position.quantity),
        ep: '0',
        bep: '0',
        cr: '0',
        up: '0',
        mt: 'cross',
        iw: '0',
        ps: position.side.toUpperCase(),
      })),
    },
  }
  return fill === null || contract === undefined ? [update] : [update, tradeUpdate(fill, contract)]
}

function tradeUpdate(
  { id, marketId, atMs, fill }: FillRecord,
  contract: NonNullable<FillRecord['fill']['contract']>,
): object {
  const isForced = contract.execution === 'liquidation' || contract.execution === 'adl'
  return {
    e: 'ORDER_TRADE_UPDATE',
    E: atMs,
    T: atMs,
    o: {
      s: marketId,
      c: isForced ? `autoclose-${fill.orderId}` : `simulated-${fill.orderId}`,
      S: fill.side === 'buy' ? 'BUY' : 'SELL',
      o: 'LIMIT',
      f: isForced ? 'IOC' : 'GTC',
      q: fill.quantity,
      p: fill.price,
      ap: fill.price,
      sp: '0',
      x: isForced ? 'CALCULATED' : 'TRADE',
      X: 'FILLED',
      i: fill.orderId,
      l: fill.quantity,
      z: fill.quantity,
      L: fill.price,
      N: fill.fee.asset,
      n: fill.fee.amount,
      T: atMs,
      t: id,
      b: '0',
      a: '0',
      m: fill.maker,
      R: isForced,
      wt: 'CONTRACT_PRICE',
      ot: 'LIMIT',
      ps: contract.position.toUpperCase(),
      cp: false,
      rp: contract.realized,
      pP: false,
      si: 0,
      ss: 0,
      V: 'NONE',
    },
  }
}

function reasonOf({ cause }: Change): string {
  switch (cause) {
    case 'funding':
      return 'FUNDING_FEE'
    case 'deposit':
      return 'DEPOSIT'
    case 'withdrawal':
      return 'WITHDRAW'
    case 'liquidation-fee':
      return 'INSURANCE_CLEAR'
    case 'transfer':
      return 'DEPOSIT'
    default:
      return 'ADJUSTMENT'
  }
}
