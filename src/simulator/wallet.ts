import type { Cause, Change, Move, TrueFill, TruthWriter } from './truth.ts'
import { fromUnits } from './units.ts'

/**
 * One account: what it holds and what the exchange keeps in its lists about it. Balances move at the true instant;
 * a record may be shown later, and never when it is out of the history's reach.
 */

interface Record {
  readonly atMs: number
  readonly visibleAtMs: number
}

export interface FillRecord extends Record {
  /** Unique per market only. */
  readonly id: number
  readonly marketId: string
  readonly fill: TrueFill
}

export interface DepositRecord extends Record {
  readonly id: string
  readonly asset: string
  readonly amount: string
  /** When it appeared; credited at `atMs`. */
  readonly insertedMs: number
  readonly txId: string
  readonly address: string
}

export interface WithdrawalRecord extends Record {
  readonly id: string
  readonly asset: string
  /** What arrives; the fee goes on top. */
  readonly amount: string
  readonly fee: string
  readonly outcome: 'completed' | 'refused'
  readonly settledMs: number
  readonly txId: string
  readonly address: string
}

export interface TransferRecord extends Record {
  readonly id: number
  readonly asset: string
  readonly amount: string
  readonly direction: 'MAIN_FUNDING' | 'FUNDING_MAIN'
}

export interface DustRecord extends Record {
  readonly id: number
  readonly parts: readonly {
    readonly asset: string
    readonly amount: string
    readonly received: string
    readonly charge: string
  }[]
}

export interface ConvertRecord extends Record {
  readonly id: number
  readonly quoteId: string
  readonly from: string
  readonly fromAmount: string
  readonly to: string
  readonly toAmount: string
  readonly ratio: string
  readonly inverseRatio: string
}

export interface RewardRecord extends Record {
  readonly id: number
  readonly asset: string
  readonly amount: string
  readonly info: string
}

export class Wallet {
  readonly uid: string
  readonly apiKey: string
  readonly secret: string
  readonly permissions: ReadonlySet<string>
  readonly createdMs: number
  /** Fees are taken in BNB where it is held. */
  paysInBnb = true
  /** Of one market, in the order of time. */
  readonly fills = new Map<string, FillRecord[]>()
  readonly deposits: DepositRecord[] = []
  readonly withdrawals: WithdrawalRecord[] = []
  readonly transfers: TransferRecord[] = []
  readonly dust: DustRecord[] = []
  readonly converts: ConvertRecord[] = []
  readonly rewards: RewardRecord[] = []
  readonly #balances = new Map<string, bigint>()
  readonly #locked = new Map<string, bigint>()
  readonly #truth: TruthWriter
  #changedMs: number

  constructor(options: {
    uid: string
    apiKey: string
    secret: string
    permissions: readonly string[]
    createdMs: number
    truth: TruthWriter
  }) {
    this.uid = options.uid
    this.apiKey = options.apiKey
    this.secret = options.secret
    this.permissions = new Set(options.permissions)
    this.createdMs = options.createdMs
    this.#changedMs = options.createdMs
    this.#truth = options.truth
  }

  get changedMs(): number {
    return this.#changedMs
  }

  /** All of it, locked or free. */
  balance(asset: string): bigint {
    return this.#balances.get(asset) ?? 0n
  }

  /** The part of the balance that an open order holds. */
  locked(asset: string): bigint {
    const locked = this.#locked.get(asset) ?? 0n
    const balance = this.balance(asset)
    return locked < balance ? locked : balance
  }

  lock(asset: string, units: bigint): void {
    this.#locked.set(asset, units > 0n ? units : 0n)
  }

  held(): readonly string[] {
    return [...this.#balances].filter(([, units]) => units !== 0n).map(([asset]) => asset)
  }

  /**
   * Moves balances and tells the truth about it. Refuses, and changes nothing, when that would overdraw.
   * @returns null when refused
   */
  move(change: {
    atMs: number
    cause: Cause
    id: string
    moves: readonly (readonly [asset: string, units: bigint])[]
    visibleAtMs?: number | null
    dated?: boolean
    fill?: TrueFill
  }): Change | null {
    const after = new Map<string, bigint>()
    for (const [asset, units] of change.moves)
      after.set(asset, (after.get(asset) ?? this.balance(asset)) + units)
    if ([...after.values()].some((units) => units < 0n)) return null
    for (const [asset, units] of after) this.#balances.set(asset, units)
    this.#changedMs = change.atMs
    return this.#truth.add({
      account: this.uid,
      atMs: change.atMs,
      cause: change.cause,
      id: change.id,
      moves: change.moves.map(([asset, units]): Move => ({ asset, amount: fromUnits(units) })),
      visibleAtMs: change.visibleAtMs === undefined ? change.atMs : change.visibleAtMs,
      dated: change.dated ?? true,
      ...(change.fill === undefined ? {} : { fill: change.fill }),
    })
  }

  addFill(record: FillRecord): void {
    const fills = this.fills.get(record.marketId)
    if (fills === undefined) this.fills.set(record.marketId, [record])
    else fills.push(record)
  }
}

/** What a list shows at `nowMs`: not yet visible ones are missing, and so is what is older than its reach. */
export function shown<Item extends Record>(
  records: readonly Item[],
  nowMs: number,
  historyMs: number,
): readonly Item[] {
  return records.filter((record) => record.visibleAtMs <= nowMs && record.atMs >= nowMs - historyMs)
}
