import type { ContractListing } from './contract.ts'
import { Position } from './position.ts'
import type { PositionSide } from './position.ts'
import type { Cause, Change, Move, Purse, TrueFill, TruthWriter } from './truth.ts'
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
  readonly purse: Purse
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
  /** The wallets of the same owner that it went between. */
  readonly from: Purse | 'elsewhere'
  readonly to: Purse | 'elsewhere'
}

export interface DustRecord extends Record {
  readonly id: number
  readonly purse: Purse
  readonly parts: readonly {
    readonly asset: string
    readonly amount: string
    readonly received: string
    readonly charge: string
  }[]
}

/** A debt of one coin that was paid with another. */
export interface SmallDebtRecord extends Record {
  readonly purse: Purse
  readonly asset: string
  readonly amount: string
  readonly to: string
  readonly paid: string
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

/** What is owed in a margin wallet. */
export interface Debt {
  principal: bigint
  interest: bigint
}

export class Wallet {
  readonly uid: string
  readonly apiKey: string
  readonly secret: string
  readonly permissions: ReadonlySet<string>
  readonly createdMs: number
  /** Fees are taken in BNB where it is held. */
  paysInBnb = true
  /** Fees of spot are taken in the quote currency, always. */
  readonly paysInQuote: boolean
  /** Only of what a bank brings is the instant told at which it came. */
  readonly #datesBanksOnly: boolean
  /** Contracts settle in the one wallet that there is. */
  readonly unified: boolean
  /** Long and short positions of one contract are kept apart. */
  readonly hedges: boolean
  /** By contract, the coin in which its profit is paid where that is another. */
  readonly profitIn: { readonly [symbol: string]: string }
  /** What goes to the funding wallet arrives in it. */
  readonly keepsFunding: boolean
  /** Everything that happened to it, in order. */
  readonly changes: Change[] = []
  /** Of one market, in the order of time; of another wallet than spot under its name and the market's. */
  readonly fills = new Map<string, FillRecord[]>()
  readonly deposits: DepositRecord[] = []
  readonly withdrawals: WithdrawalRecord[] = []
  readonly transfers: TransferRecord[] = []
  readonly dust: DustRecord[] = []
  readonly smallDebts: SmallDebtRecord[] = []
  readonly converts: ConvertRecord[] = []
  readonly rewards: RewardRecord[] = []
  readonly #balances = new Map<Purse, Map<string, bigint>>()
  readonly #debts = new Map<Purse, Map<string, Debt>>()
  readonly #positions = new Map<string, Position>()
  readonly #locked = new Map<string, bigint>()
  readonly #truth: TruthWriter
  readonly #watchers = new Set<(change: Change, fill: FillRecord | null) => void>()
  #changedMs: number

  constructor(options: {
    uid: string
    apiKey: string
    secret: string
    permissions: readonly string[]
    createdMs: number
    truth: TruthWriter
    unified?: boolean
    hedges?: boolean
    profitIn?: { readonly [symbol: string]: string }
    paysInQuote?: boolean
    datesBanksOnly?: boolean
    keepsFunding?: boolean
  }) {
    this.uid = options.uid
    this.apiKey = options.apiKey
    this.secret = options.secret
    this.permissions = new Set(options.permissions)
    this.createdMs = options.createdMs
    this.#changedMs = options.createdMs
    this.#truth = options.truth
    this.unified = options.unified ?? false
    this.paysInQuote = options.paysInQuote ?? false
    this.#datesBanksOnly = options.datesBanksOnly ?? false
    this.hedges = options.hedges ?? false
    this.profitIn = options.profitIn ?? {}
    this.keepsFunding = options.keepsFunding ?? false
  }

  get changedMs(): number {
    return this.#changedMs
  }

  /** A list says when a deposit of it came. */
  datesDeposits(asset: string): boolean {
    return !this.#datesBanksOnly || asset === 'USDT'
  }

  /** All of it, locked or free, borrowed coins too. */
  balance(asset: string, purse: Purse = 'spot'): bigint {
    return this.#balances.get(purse)?.get(asset) ?? 0n
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

  held(purse: Purse = 'spot'): readonly string[] {
    return [...(this.#balances.get(purse) ?? [])].filter(([, units]) => units !== 0n).map(([asset]) => asset)
  }

  debt(asset: string, purse: Purse): Readonly<Debt> {
    return this.#debts.get(purse)?.get(asset) ?? { principal: 0n, interest: 0n }
  }

  debts(): readonly { readonly asset: string; readonly purse: Purse; readonly debt: Readonly<Debt> }[] {
    return [...this.#debts].flatMap(([purse, debts]) =>
      [...debts].map(([asset, debt]) => ({ asset, purse, debt })),
    )
  }

  /** The wallet that answers to a name: there may be but one beside the funding wallet and those of single pairs. */
  purse(name: Purse): Purse {
    return this.unified && name !== 'funding' && !/^(?:isolated|cross) /.test(name) ? 'spot' : name
  }

  /** Every wallet that ever held something. */
  get purses(): readonly Purse[] {
    return [...new Set([...this.#balances.keys(), ...this.#debts.keys()])]
  }

  /** The wallet in which a contract settles. */
  purseOf(contract: ContractListing): Purse {
    return this.purse(contract.kind)
  }

  /** Open positions, and those that were closed. */
  get positions(): readonly Position[] {
    return [...this.#positions.values()]
  }

  position(contract: ContractListing, side: PositionSide): Position {
    const key = `${contract.symbol} ${side}`
    let position = this.#positions.get(key)
    if (position === undefined) this.#positions.set(key, (position = new Position(contract, side)))
    return position
  }

  /**
   * Moves balances and tells the truth about it. Refuses, and changes nothing, when that would overdraw.
   * @returns null when refused
   */
  move(change: {
    atMs: number
    cause: Cause
    id: string
    moves: readonly (readonly [asset: string, units: bigint, purse?: Purse])[]
    visibleAtMs?: number | null
    dated?: boolean
    begunMs?: number
    fill?: TrueFill
    symbol?: string
    info?: string
    /** It happens whatever is held: a loss, or what a position pays. */
    forced?: boolean
  }): Change | null {
    const after = new Map<string, { asset: string; purse: Purse; units: bigint }>()
    for (const [asset, units, purse = 'spot'] of change.moves) {
      const key = `${purse} ${asset}`
      const before = after.get(key)?.units ?? this.balance(asset, purse)
      after.set(key, { asset, purse, units: before + units })
    }
    if (change.forced !== true && [...after.values()].some(({ units }) => units < 0n)) return null
    for (const { asset, purse, units } of after.values()) this.#set(asset, purse, units)
    const moves = change.moves.map(([asset, units, purse = 'spot']): Move => ({
      asset,
      amount: fromUnits(units),
      ...(purse === 'spot' ? {} : { purse }),
    }))
    return this.#tell({ ...change, moves })
  }

  /** Coins come with a debt of the same size; `units` < 0 pays back, interest first. */
  borrow(asset: string, purse: Purse, units: bigint, atMs: number, id: string): Change | null {
    const { principal, interest } = this.debt(asset, purse)
    if (units < 0n && (-units > principal + interest || -units > this.balance(asset, purse))) return null
    const ofInterest = units < 0n ? (-units < interest ? -units : interest) : 0n
    this.#owe(asset, purse, { principal: principal + units + ofInterest, interest: interest - ofInterest })
    this.#set(asset, purse, this.balance(asset, purse) + units)
    const cause = units < 0n ? 'repay' : 'borrow'
    const info = `${asset} ${fromUnits(units < 0n ? -units - ofInterest : units)} ${fromUnits(ofInterest)}`
    const moves: Move[] = [{ asset, amount: fromUnits(0n), purse }]
    return this.#tell({ atMs, cause, id, moves, info })
  }

  /** All that is owed of a coin is paid with another. */
  payDebt(asset: string, purse: Purse, to: string, units: bigint, atMs: number, id: string): Change | null {
    const { principal, interest } = this.debt(asset, purse)
    const owed = principal + interest
    if (owed === 0n || units > this.balance(to, purse)) return null
    this.#owe(asset, purse, { principal: 0n, interest: 0n })
    this.#set(to, purse, this.balance(to, purse) - units)
    const [amount, paid] = [fromUnits(owed), fromUnits(units)]
    this.smallDebts.push({ atMs, visibleAtMs: atMs, purse, asset, amount, to, paid })
    const moves: Move[] = [
      { asset, amount, purse },
      { asset: to, amount: `-${paid}`, purse },
    ]
    return this.#tell({ atMs, cause: 'convert', id, moves })
  }

  /** What borrowing costs: it is owed on top. */
  accrue(asset: string, purse: Purse, units: bigint, atMs: number, id: string): Change {
    const { principal, interest } = this.debt(asset, purse)
    this.#owe(asset, purse, { principal, interest: interest + units })
    const moves: Move[] = [{ asset, amount: fromUnits(-units), purse }]
    return this.#tell({ atMs, cause: 'interest', id, moves })
  }

  #owe(asset: string, purse: Purse, debt: Debt): void {
    const debts = this.#debts.get(purse) ?? new Map<string, Debt>()
    this.#debts.set(purse, debts.set(asset, debt))
  }

  #set(asset: string, purse: Purse, units: bigint): void {
    const balances = this.#balances.get(purse) ?? new Map<string, bigint>()
    this.#balances.set(purse, balances.set(asset, units))
  }

  #tell(
    change: Pick<Change, 'atMs' | 'cause' | 'id' | 'moves'> & {
      readonly visibleAtMs?: number | null
      readonly dated?: boolean
      readonly begunMs?: number
      readonly fill?: TrueFill
      readonly symbol?: string
      readonly info?: string
    },
  ): Change {
    const { atMs, cause, id, moves, fill, symbol, info } = change
    this.#changedMs = atMs
    const told = this.#truth.add({
      account: this.uid,
      atMs,
      cause,
      id,
      moves,
      visibleAtMs: change.visibleAtMs === undefined ? atMs : change.visibleAtMs,
      dated: change.dated ?? true,
      ...(change.begunMs === undefined ? {} : { begunMs: change.begunMs }),
      ...(fill === undefined ? {} : { fill }),
      ...(symbol === undefined ? {} : { symbol }),
      ...(info === undefined ? {} : { info }),
    })
    this.changes.push(told)
    // a fill's record comes right behind
    if (fill === undefined) for (const watcher of this.#watchers) watcher(told, null)
    return told
  }

  /** Tells of every change as it happens, of a fill with its record. The returned function ends it. */
  watch(watcher: (change: Change, fill: FillRecord | null) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  addFill(record: FillRecord): void {
    const key = record.purse === 'spot' ? record.marketId : `${record.purse} ${record.marketId}`
    const fills = this.fills.get(key)
    if (fills === undefined) this.fills.set(key, [record])
    else fills.push(record)
    const change = this.changes.at(-1)
    if (change !== undefined) for (const watcher of this.#watchers) watcher(change, record)
  }
}

/** A millionth of what is owed, each hour. */
const interestShare = 1_000_000n

export function accrueInterest(wallet: Wallet, atMs: number): void {
  for (const { asset, purse, debt } of wallet.debts()) {
    const units = (debt.principal + debt.interest + interestShare - 1n) / interestShare
    if (units > 0n) wallet.accrue(asset, purse, units, atMs, `${atMs}${purse.length}${asset.length}`)
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
