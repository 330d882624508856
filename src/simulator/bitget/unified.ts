import type { ContractDesk } from '../contract-desk.ts'
import type { Change, Move, Purse, TrueFill, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { type BookRow, idOf, newestFirst, type Records } from './book.ts'
import { contractId, positionRows } from './contract.ts'

/** bitget's unified account, one wallet for everything, and the wallet beside it, and what its lists say of them. */

export const categories = ['SPOT', 'MARGIN', 'USDT-FUTURES', 'USDC-FUTURES', 'COIN-FUTURES', 'OTHER'] as const

export function unifiedInfo({ uid, permissions, createdMs }: Wallet): unknown {
  return {
    userId: uid,
    inviterId: '',
    parentId: '',
    channelCode: '',
    channel: '',
    ips: '*',
    permType: permissions.size === 0 ? 'read-only' : 'read-and-write',
    permissions: ['uta_trade', ...permissions],
    regisTime: String(createdMs),
  }
}

export function unifiedAssets(wallet: Wallet, desk: ContractDesk, nowMs: number): unknown {
  const gains = desk.unrealizedOf(wallet, nowMs)
  const owed = wallet.debts().map(({ asset }) => asset)
  const coins = new Set([...wallet.held(), ...owed, ...gains.keys()])
  return {
    accountEquity: '0',
    unrealisedPnl: '0',
    assets: [...coins].map((coin) => {
      const held = wallet.balance(coin)
      const { principal, interest } = wallet.debt(coin, 'spot')
      const debt = principal + interest
      return {
        coin,
        equity: fromUnits(held - debt + (gains.get(coin) ?? 0n)),
        usdValue: '0',
        balance: fromUnits(held),
        available: fromUnits(held),
        debt: fromUnits(debt),
        locked: fromUnits(wallet.locked(coin)),
      }
    }),
  }
}

export function unifiedPositions(
  wallet: Wallet,
  desk: ContractDesk,
  category: string,
  nowMs: number,
): readonly unknown[] {
  return (positionRows(wallet, desk, category, nowMs) as Readonly<Record<string, string>>[]).map((row) => ({
    category,
    symbol: row['symbol'],
    marginCoin: row['marginCoin'],
    holdMode: row['posMode'],
    posSide: row['holdSide'],
    marginMode: row['marginMode'],
    total: row['total'],
    available: row['available'],
    avgPrice: row['openPriceAvg'],
    markPrice: row['markPrice'],
    unrealisedPnl: row['unrealizedPL'],
    createdTime: row['cTime'],
    updatedTime: row['uTime'],
  }))
}

/** Of the one wallet; the wallet beside it has a list of its own. */
const isHere = ({ purse }: Move): boolean => purse !== 'funding'

export function unifiedRecords(
  { truth, contracts }: Records,
  uid: string,
  category: string,
  nowMs: number,
): BookRow[] {
  return rowsOf(truth, uid, nowMs, isHere, ({ change, moves, held }) => {
    if (categoryOf(change, contracts) !== category) return []
    const contract = contracts.find(change.fill?.symbol ?? change.symbol ?? '')
    return linesOf(change, moves).map(([type, coin, amount, fee = '0']) => ({
      category,
      type,
      symbol: contract === null ? '' : contractId(contract),
      coin,
      amount,
      fee,
      balance: fromUnits(held.get(coin) ?? 0n),
    }))
  })
}

export function fundingRecords({ truth }: Records, uid: string, nowMs: number): BookRow[] {
  const isInIt = ({ purse }: Move): boolean => purse === 'funding'
  return rowsOf(truth, uid, nowMs, isInIt, ({ change: { cause, info }, moves, held }) =>
    moves.flatMap(({ asset, amount }) => {
      const words = fundingWords(cause, info, amount.startsWith('-'))
      if (words === null) return []
      const [groupType, type] = words
      const balance = fromUnits(held.get(asset) ?? 0n)
      return [{ coin: asset, groupType, type, amount, balance }]
    }),
  )
}

function fundingWords(cause: Change['cause'], info: string | undefined, isOut: boolean) {
  switch (cause) {
    case 'deposit':
      return ['deposit', 'deposit'] as const
    case 'withdrawal':
    case 'withdrawal-returned':
      return ['withdraw', 'withdraw'] as const
    case 'transfer':
      if (info === 'Earn') return ['financial', isOut ? 'subscribe' : 'redeem'] as const
      return ['transfer', isOut ? 'transfer_out' : 'transfer_in'] as const
    case 'convert':
      return ['convert', 'convert'] as const
    case 'reward':
      return ['other', 'airdrop_rewards'] as const
    default:
      return null
  }
}

/** Of what nobody calls by its name there: both sides of a convert are lines like any other. */
export function convertRows(wallet: Wallet, query: URLSearchParams, nowMs: number): BookRow[] {
  const rows = wallet.converts.filter(
    ({ from, to, visibleAtMs }) =>
      visibleAtMs <= nowMs && from === query.get('fromCoin') && to === query.get('toCoin'),
  )
  return newestFirst(
    rows.map(({ id, from, to, fromAmount, toAmount, ratio, atMs }) => ({
      atMs,
      id: BigInt(id),
      row: {
        fromCoin: from,
        fromCoinSize: fromAmount,
        toCoin: to,
        toCoinSize: toAmount,
        price: ratio,
        ts: String(atMs),
      },
    })),
  )
}

export function unifiedFills(
  { truth, contracts }: Records,
  uid: string,
  category: string,
  nowMs: number,
): BookRow[] {
  const rows = truth.changes.flatMap((change): BookRow[] => {
    const { fill, visibleAtMs, sequence, atMs } = change
    if (fill === undefined || change.account !== uid || categoryOf(change, contracts) !== category) return []
    if (visibleAtMs === null || visibleAtMs > nowMs) return []
    const contract = contracts.find(fill.symbol)
    const execution = fill.contract?.execution ?? 'trade'
    const row = {
      execId: String(idOf(sequence)),
      orderId: String(fill.orderId),
      category,
      symbol: contract === null ? fill.base + fill.quote : contractId(contract),
      orderType: fill.maker ? 'limit' : 'market',
      side: fill.side,
      execPrice: fill.price,
      execQty: fill.quantity,
      execValue: fill.quoteQuantity,
      tradeScope: fill.maker ? 'maker' : 'taker',
      tradeSide: isOpening(fill) ? 'open' : 'close',
      execType: execution === 'trade' ? 'normal' : execution,
      feeDetail: [{ feeCoin: fill.fee.asset, fee: fill.fee.amount }],
      createdTime: String(atMs),
      updatedTime: String(atMs + 1),
    }
    return [{ atMs, id: idOf(sequence), row }]
  })
  return newestFirst(rows)
}

interface Shown {
  readonly change: Change
  readonly moves: readonly Move[]
  readonly held: ReadonlyMap<string, bigint>
}

function rowsOf(
  truth: TruthWriter,
  uid: string,
  nowMs: number,
  isOwn: (move: Move) => boolean,
  linesIn: (shown: Shown) => readonly Readonly<Record<string, unknown>>[],
): BookRow[] {
  const held = new Map<string, bigint>()
  const rows: BookRow[] = []
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    const { visibleAtMs, atMs, sequence } = change
    const moves = change.moves.filter(isOwn)
    for (const { asset, amount } of moves) held.set(asset, (held.get(asset) ?? 0n) + toUnits(amount))
    if (visibleAtMs === null || visibleAtMs > nowMs || moves.length === 0) continue
    for (const [index, line] of linesIn({ change, moves, held }).entries()) {
      const id = idOf(sequence, index)
      rows.push({ atMs, id, row: { id: String(id), ...line, ts: String(atMs) } })
    }
  }
  return newestFirst(rows)
}

function categoryOf({ fill, symbol, cause }: Change, contracts: ContractDesk): string {
  if (contracts.find(fill?.symbol ?? symbol ?? '') !== null) return 'USDT-FUTURES'
  if (fill !== undefined) return 'SPOT'
  return cause === 'interest' ? 'MARGIN' : 'OTHER'
}

type Line = readonly [type: string, coin: string, amount: string, fee?: string]

/** What is called in or out has no sign of its own. */
function linesOf({ cause, fill }: Change, moves: readonly Move[]): Line[] {
  const each = (nameOf: (way: 'IN' | 'OUT') => string): Line[] =>
    moves.map(({ asset, amount }) => {
      const name = nameOf(amount.startsWith('-') ? 'OUT' : 'IN')
      return [name, asset, /_(IN|OUT)$/.test(name) ? amount.replace('-', '') : amount]
    })
  switch (cause) {
    case 'fill':
      return fill === undefined ? [] : dealtBy(fill)
    case 'deposit':
      return each(() => 'DEPOSIT')
    case 'withdrawal':
    case 'withdrawal-returned':
      return each(() => 'WITHDRAW')
    case 'transfer':
      return each((way) => `TRANSFER_${way}`)
    case 'funding':
      return each((way) => `CONTRACT_MAIN_SETTLE_FEE_USER_${way}`)
    case 'liquidation-fee':
      return each((way) => `RISK_CAPTITAL_USER_${way}`)
    case 'interest':
      return each((way) => `INTEREST_SETTLEMENT_${way}`)
    case 'reward':
      return each(() => 'AIRDROP_REWARDS')
    case 'convert':
      return each(() => 'FLASH_EXCHANGE')
    default:
      return []
  }
}

function dealtBy(fill: TrueFill): Line[] {
  const { base, quote, quantity, quoteQuantity, fee, side, contract } = fill
  const feeOf = (asset: string): string => (fee.asset === asset ? fromUnits(-toUnits(fee.amount)) : '0')
  if (contract !== undefined) {
    const { settle, realized, position, execution } = contract
    const how = { trade: '', liquidation: 'FORCE_', adl: 'ADL_', settlement: 'DELIVERY_' }[execution]
    const held = (side === 'buy') === isOpening(fill) ? 'LONG' : 'SHORT'
    const what = isOpening(fill) ? `OPEN_${held}` : `CLOSE_${held}`
    const type = position === 'both' ? `${how}${side.toUpperCase()}` : `${how}${what}`
    return [[type, settle, realized, feeOf(settle)]]
  }
  const deal = (asset: string, amount: string, isIn: boolean): Line => [
    isIn ? 'ORDER_DEALT_IN' : 'ORDER_DEALT_OUT',
    asset,
    amount,
    feeOf(asset),
  ]
  const isThird = fee.asset !== base && fee.asset !== quote && toUnits(fee.amount) !== 0n
  return [
    deal(base, quantity, side === 'buy'),
    deal(quote, quoteQuantity, side === 'sell'),
    ...(isThird ? [['ORDER_DEALT_OUT', fee.asset, fee.amount] as const] : []),
  ]
}

function isOpening({ side, contract }: TrueFill): boolean {
  const held = contract?.position ?? 'both'
  return held === 'both' ? contract?.realized === '0' : (held === 'long') === (side === 'buy')
}

/** Of the wallet beside an account of either kind. */
export function fundingAssets(wallet: Wallet): unknown[] {
  return wallet.held('funding').map((coin) => {
    const held = fromUnits(wallet.balance(coin, 'funding'))
    return { coin, available: held, frozen: '', balance: held, usdtValue: '' }
  })
}

const purseNames: Readonly<Record<string, string>> = { spot: 'spot', linear: 'usdt_futures', funding: 'p2p' }

/** Between the wallets of a classic account. */
export function transferRows(wallet: Wallet, coin: string, nowMs: number): BookRow[] {
  const nameOf = (purse: Purse | 'elsewhere'): string => purseNames[purse] ?? 'crossed_margin'
  return newestFirst(
    wallet.transfers
      .filter(({ asset, visibleAtMs }) => asset === coin && visibleAtMs <= nowMs)
      .map(({ id, asset, amount, from, to, atMs }) => ({
        atMs,
        id: BigInt(id),
        row: {
          coin: asset.toLowerCase(),
          status: 'Successful',
          fromType: nameOf(from),
          fromSymbol: '',
          toType: nameOf(to),
          toSymbol: '',
          size: amount,
          ts: String(atMs),
          clientOid: String(id),
          transferId: String(id),
        },
      })),
  )
}
