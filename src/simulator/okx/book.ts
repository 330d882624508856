import type { ContractDesk } from '../contract-desk.ts'
import type { ContractListing } from '../contract.ts'
import type { Change, TrueFill, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import { billTypesOf, contractId, instTypeOf, quantityOf } from './contract.ts'
import { isShared, pairIdOf } from './pair.ts'

/** What okx's lists say of one trading account, made of what really happened to it. */

export interface BookRow {
  readonly atMs: number
  /** Rises with time: pages go on by it. */
  readonly billId: bigint
  readonly instType: string
  readonly row: Readonly<Record<string, unknown>>
}

/** What the lists are made of. */
export interface Records {
  readonly truth: TruthWriter
  readonly contracts: ContractDesk
}

/** One bill: what it did to one currency. */
interface Part {
  readonly type: string
  readonly subType: string
  readonly asset: string
  /** Fee included. */
  readonly change: string
  readonly fee?: string
  readonly pnl?: string
  readonly from?: string
  readonly to?: string
  /** What it did to the balance of one position; absent is nothing. */
  readonly aside?: string
}

const firstBillId = 623_950_000_000_000_000n
/** Bills that one event can have. */
const billsOfEvent = 64n

function billIdOf(sequence: number, index = 0): bigint {
  return firstBillId + BigInt(sequence) * billsOfEvent + BigInt(index)
}

/** All bills that are shown at `nowMs`, newest first. */
export function billsOf({ truth, contracts }: Records, uid: string, nowMs: number): BookRow[] {
  const balances = new Map<string, bigint>()
  const rows: BookRow[] = []
  const penalties = penaltiesOf(truth, uid)
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    for (const { asset, amount, purse } of change.moves) {
      if (pairIdOf(purse) !== null || purse === 'funding') continue
      balances.set(asset, (balances.get(asset) ?? 0n) + toUnits(amount))
    }
    const { visibleAtMs, fill, sequence, atMs } = change
    if (visibleAtMs === null || visibleAtMs > nowMs) continue
    const contract = contracts.find(fill?.symbol ?? change.symbol ?? '')
    // nobody trades where it is delivered
    const isTraded = fill !== undefined && fill.contract?.execution !== 'settlement'
    const pair = pairOf(change)
    for (const [index, part] of partsOf(change, penalties.get(sequence) ?? 0n).entries()) {
      const billId = billIdOf(sequence, index)
      const row = {
        bal: fromUnits(balances.get(part.asset) ?? 0n),
        balChg: part.change,
        billId: String(billId),
        ccy: part.asset,
        clOrdId: '',
        execType: fill === undefined ? '' : fill.maker ? 'M' : 'T',
        fee: part.fee ?? '0',
        fillTime: fill === undefined ? '' : String(atMs),
        from: part.from ?? '',
        ...placeOf(fill, contract, pair),
        interest: '0',
        mgnMode:
          fill === undefined && contract === null
            ? ''
            : modeOf(
                contract,
                pair,
                change.moves.some(({ purse }) => isShared(purse)),
              ),
        notes: '',
        ordId: fill === undefined || !isTraded ? '' : String(fill.orderId),
        pnl: part.pnl ?? '0',
        posBal: '0',
        posBalChg: part.aside ?? '0',
        px: fill?.price ?? '',
        subType: part.subType,
        sz:
          contract === null || fill === undefined
            ? (part.aside ?? part.change).replace('-', '')
            : quantityOf(contract, toUnits(fill.quantity)),
        tag: '',
        to: part.to ?? '',
        tradeId: isTraded ? tradeIdOf(sequence) : '',
        ts: String(atMs),
        type: part.type,
      }
      rows.push({ atMs, billId, instType: row.instType, row })
    }
  }
  return newestFirst(rows)
}

/** All fills that are shown at `nowMs`, newest first. */
export function fillsOf({ truth, contracts }: Records, uid: string, nowMs: number): BookRow[] {
  const rows = truth.changes.flatMap((change): BookRow[] => {
    const { fill, sequence, atMs, visibleAtMs } = change
    if (fill === undefined || change.account !== uid) return []
    if (visibleAtMs === null || visibleAtMs > nowMs) return []
    const contract = contracts.find(fill.symbol)
    // the bill alone tells of a delivery
    if (fill.contract?.execution === 'settlement') return []
    const place = placeOf(fill, contract, pairOf(change))
    const row = {
      side: fill.side,
      fillSz: contract === null ? fill.quantity : quantityOf(contract, toUnits(fill.quantity)),
      fillPx: fill.price,
      fillPxVol: '',
      fillFwdPx: '',
      fee: negated(fill.fee.amount),
      fillPnl: fill.contract?.realized ?? '0',
      ordId: String(fill.orderId),
      feeRate: '-0.001',
      fillPxUsd: '',
      ...place,
      clOrdId: '',
      posSide: { both: 'net', long: 'long', short: 'short' }[fill.contract?.position ?? 'both'],
      billId: String(billIdOf(sequence)),
      subType: typesOf(fill).subType,
      fillMarkVol: '',
      tag: '',
      fillTime: String(atMs),
      execType: fill.maker ? 'M' : 'T',
      fillIdxPx: '',
      tradeId: tradeIdOf(sequence),
      fillMarkPx: '',
      feeCcy: fill.fee.asset,
      ts: String(atMs + 1),
    }
    return [{ atMs: atMs + 1, billId: billIdOf(sequence), instType: place.instType, row }]
  })
  return newestFirst(rows)
}

/** What the insurance fund took stands in the bill that closed the position, named by nothing. */
function penaltiesOf(truth: TruthWriter, uid: string): ReadonlyMap<number, bigint> {
  const penalties = new Map<number, bigint>()
  let last: Change | null = null
  for (const change of truth.changes) {
    if (change.account !== uid) continue
    if (change.cause === 'liquidation-fee' && last !== null) {
      penalties.set(last.sequence, -toUnits(change.moves[0]?.amount ?? '0'))
    }
    if (change.fill?.contract?.execution === 'liquidation') last = change
  }
  return penalties
}

function placeOf(
  fill: TrueFill | undefined,
  contract: ContractListing | null,
  pair: string | null,
): { instType: string; instId: string } {
  if (pair !== null) return { instType: 'MARGIN', instId: pair }
  if (contract !== null) return { instType: instTypeOf(contract), instId: contractId(contract) }
  return fill === undefined
    ? { instType: '', instId: '' }
    : { instType: 'SPOT', instId: `${fill.base}-${fill.quote}` }
}

/** The pair whose own account it moved. */
function pairOf({ moves }: Change): string | null {
  return moves.map(({ purse }) => pairIdOf(purse)).find((id) => id !== null) ?? null
}

function modeOf(contract: ContractListing | null, pair: string | null, isOnShared: boolean): string {
  return contract !== null || isOnShared ? 'cross' : pair === null ? 'cash' : 'isolated'
}

function typesOf(fill: TrueFill): { type: string; subType: string } {
  const bought = fill.side === 'buy'
  return fill.liquidation === true ? { type: '5', subType: bought ? '106' : '107' } : billTypesOf(fill)
}

function newestFirst(rows: readonly BookRow[]): BookRow[] {
  return rows.toSorted((a, b) => (a.billId < b.billId ? 1 : -1))
}

function tradeIdOf(sequence: number): string {
  return String(586_760_000 + sequence)
}

function negated(amount: string): string {
  return fromUnits(-toUnits(amount))
}

function partsOf(whole: Change, penalty: bigint): Part[] {
  // the funding account has bills of its own
  const change = { ...whole, moves: whole.moves.filter(({ purse }) => purse !== 'funding') }
  if (pairOf(change) === null) return accountParts(change, penalty)
  if (change.cause !== 'transfer') {
    return accountParts(change, penalty).map((part) => ({ ...part, change: '0', aside: part.change }))
  }
  // one bill tells both levels
  return change.moves
    .filter(({ purse }) => pairIdOf(purse) === null)
    .map(({ asset, amount }): Part => {
      const subType = amount.startsWith('-') ? '160' : '161'
      return { type: '6', subType, asset, change: amount, aside: negated(amount) }
    })
}

function accountParts(change: Change, penalty: bigint): Part[] {
  const { cause, moves, fill } = change
  const each = (type: string, subTypes: readonly [received: string, given: string]): Part[] =>
    moves.map(({ asset, amount }) => {
      const isOut = amount.startsWith('-')
      const accounts = type !== '1' ? {} : isOut ? { from: '18', to: '6' } : { from: '6', to: '18' }
      return { type, subType: subTypes[isOut ? 1 : 0], asset, change: amount, ...accounts }
    })
  switch (cause) {
    case 'fill': {
      if (fill === undefined) return []
      if (fill.contract !== undefined) return contractParts(fill, moves, penalty)
      const { base, quote, quantity, quoteQuantity, fee, side } = fill
      const bought = side === 'buy'
      const types = typesOf(fill)
      const bill = (asset: string, amount: string): Part => {
        const own = fee.asset === asset ? fee.amount : '0'
        return {
          ...types,
          asset,
          change: fromUnits(toUnits(amount) - toUnits(own)),
          fee: negated(own),
        }
      }
      return [
        bill(base, bought ? quantity : `-${quantity}`),
        bill(quote, bought ? `-${quoteQuantity}` : quoteQuantity),
        ...(fee.asset === base || fee.asset === quote ? [] : [bill(fee.asset, '0')]),
      ]
    }
    case 'deposit':
    case 'withdrawal':
    case 'withdrawal-returned':
    case 'transfer':
      // all of it goes through the funding account
      return each('1', ['11', '12'])
    case 'interest':
      return each('7', ['9', '9'])
    case 'borrow':
    case 'repay': {
      const [asset = '', principal = '0'] = (change.info ?? '').split(' ')
      return cause === 'borrow'
        ? [{ type: '16', subType: '306', asset, change: principal }]
        : [{ type: '22', subType: '308', asset, change: `-${principal}` }]
    }
    case 'funding':
      return moves.map(({ asset, amount }) => ({
        type: '8',
        subType: amount.startsWith('-') ? '173' : '174',
        asset,
        change: amount,
        pnl: amount,
      }))
    case 'reward':
      return each('1', ['372', '373'])
    case 'dust':
      return each('28', ['236', '237'])
    case 'convert':
      return each('27', ['318', '319'])
    default:
      return []
  }
}

/** Only what was realised moves, and the fee. */
function contractParts(fill: TrueFill, moves: Change['moves'], penalty: bigint): Part[] {
  const { contract, fee } = fill
  if (contract === undefined) return []
  const { settle, realized } = contract
  const types = billTypesOf(fill)
  const own = fee.asset === settle ? toUnits(fee.amount) : 0n
  // all of a right's price changes hands
  const moved = contract.option === true ? toUnits(moves[0]?.amount ?? '0') : toUnits(realized)
  const change = fromUnits(moved - own - penalty)
  return [
    { ...types, asset: settle, change, fee: fromUnits(-own), pnl: realized },
    ...(fee.asset === settle
      ? []
      : [{ ...types, asset: fee.asset, change: negated(fee.amount), fee: negated(fee.amount) }]),
  ]
}
