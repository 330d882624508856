import { minuteMs, secondMs } from '@perf-agg/sdk'
import type { Agenda } from './agenda.ts'
import type { ContractDesk } from './contract-desk.ts'
import type { ContractListing } from './contract.ts'
import type { Desk } from './desk.ts'
import type { LeverageDesk } from './leverage.ts'
import { listingOf } from './listing.ts'
import type { PlannedEvent } from './scenario.ts'
import type { Chance } from './seed.ts'
import type { Purse } from './truth.ts'
import { fromUnits, toUnits } from './units.ts'
import type { Wallet } from './wallet.ts'

/**
 * Everything that moves a balance without an order: deposits, withdrawals, conversions, gifts, and what no list
 * explains. What can't be paid when its time comes does not happen.
 */

const hexadecimal = '0123456789abcdef'

export class Teller {
  readonly #wallet: Wallet
  readonly #desk: Desk
  readonly #contracts: ContractDesk
  readonly #leverage: LeverageDesk
  readonly #agenda: Agenda
  readonly #chance: Chance
  #ids = 0

  constructor(options: {
    wallet: Wallet
    desk: Desk
    contracts: ContractDesk
    leverage: LeverageDesk
    agenda: Agenda
    chance: Chance
  }) {
    this.#wallet = options.wallet
    this.#desk = options.desk
    this.#contracts = options.contracts
    this.#leverage = options.leverage
    this.#agenda = options.agenda
    this.#chance = options.chance
  }

  plan(event: PlannedEvent): void {
    switch (event.kind) {
      case 'deposit':
        return this.#deposit(event)
      case 'withdrawal':
        return this.#agenda.at(secondsOf(event.atMs), (now) => this.#withdraw(event, now))
      case 'transfer':
        return this.#agenda.at(event.atMs, (now) => this.#transfer(event, now))
      case 'dust':
        return this.#agenda.at(event.atMs, (now) => this.#sweep(event, now))
      case 'small-debt':
        return this.#agenda.at(event.atMs, (now) => this.#payDebt(event, now))
      case 'convert':
        return this.#agenda.at(event.atMs, (now) => this.#convert(event, now))
      case 'reward':
        return this.#agenda.at(event.atMs, (now) => this.#give(event, 'reward', now))
      case 'bnb-fees':
        return this.#agenda.at(event.atMs, () => {
          this.#wallet.paysInBnb = event.on
        })
      case 'unexplained':
        return this.#agenda.at(event.atMs, (now) => {
          this.#wallet.move({
            atMs: now,
            cause: 'unexplained',
            id: this.#newId(),
            moves: [[event.asset, toUnits(event.amount), this.#wallet.purse(event.purse ?? 'spot')]],
            visibleAtMs: null,
          })
        })
      case 'fill':
        return this.#agenda.at(event.atMs, (now) => this.#fill(event, now))
      case 'rebate':
        return this.#agenda.at(event.atMs, (now) => this.#give(event, 'rebate', now))
      case 'earn':
        return this.#agenda.at(event.atMs, (now) => {
          const moves = [[event.asset, toUnits(event.amount)] as const]
          this.#wallet.move({ atMs: now, cause: 'earn', id: this.#newId(), moves })
        })
      case 'contract-fill':
        return this.#agenda.at(event.atMs, (now) => this.#contractFill(event, now))
      case 'leveraged':
        return this.#agenda.at(event.atMs, (now) =>
          this.#leverage.execute({
            ...event,
            wallet: this.#wallet,
            quantity: toUnits(event.quantity),
            atMs: now,
          }),
        )
      case 'settle':
        return this.#agenda.at(event.atMs, (now) => this.#leverage.settle(this.#wallet, event.symbol, now))
      case 'leverage-liquidation':
        return this.#agenda.at(event.atMs, (now) => this.#leverage.liquidate(this.#wallet, event.symbol, now))
      case 'liquidation':
        return this.#agenda.at(event.atMs, (now) =>
          this.#contracts.liquidate(this.#wallet, this.#contract(event.symbol), now),
        )
      case 'deleveraging':
        return this.#agenda.at(event.atMs, (now) =>
          this.#contracts.deleverage(
            this.#wallet,
            this.#contract(event.symbol),
            toUnits(event.quantity),
            now,
          ),
        )
      case 'borrow':
        return this.#agenda.at(event.atMs, (now) => {
          this.#wallet.borrow(event.asset, event.purse, toUnits(event.amount), now, this.#newId())
        })
    }
  }

  /** @throws {RangeError} */
  #contract(symbol: string): ContractListing {
    const contract = this.#contracts.find(symbol)
    if (contract === null) throw new RangeError(`no such contract: ${symbol}`)
    return contract
  }

  #contractFill(event: PlannedEvent & { kind: 'contract-fill' }, atMs: number): void {
    const { side, quantity, position, visibleAfterMs = 0 } = event
    this.#contracts.execute({
      wallet: this.#wallet,
      contract: this.#contract(event.symbol),
      side,
      quantity: toUnits(quantity),
      ...(position === undefined ? {} : { position }),
      maker: false,
      orderId: this.#desk.newOrderId(),
      atMs,
      lean: 0,
      visibleAfterMs,
    })
  }

  #newId(): string {
    this.#ids += 1
    return `${this.#wallet.uid}${String(this.#ids).padStart(6, '0')}`
  }

  #deposit(event: PlannedEvent & { kind: 'deposit' }): void {
    const atMs = secondsOf(event.atMs)
    const insertedMs = secondsOf(atMs - (event.pendingMs ?? 10 * minuteMs))
    const id = this.#newId()
    const txId = `0x${this.#chance.text(64, hexadecimal)}`
    const address = `0x${this.#chance.text(40, hexadecimal)}`
    const { asset } = event
    const purse = this.#wallet.purse(event.purse ?? 'spot')
    const amount = fromUnits(toUnits(event.amount))
    this.#agenda.at(insertedMs, () => {
      this.#wallet.deposits.push({
        id,
        asset,
        amount,
        atMs,
        insertedMs,
        visibleAtMs: insertedMs,
        txId,
        address,
      })
    })
    this.#agenda.at(atMs, () => {
      const moves = [[asset, toUnits(amount), purse]] as const
      const dated = this.#wallet.datesDeposits(asset)
      this.#wallet.move({ atMs, cause: 'deposit', id, moves, dated, begunMs: insertedMs })
    })
  }

  #withdraw(event: PlannedEvent & { kind: 'withdrawal' }, atMs: number): void {
    const id = this.#chance.text(32, hexadecimal)
    const all = toUnits(event.amount) + toUnits(event.fee)
    const purse = this.#wallet.purse(event.purse ?? 'spot')
    const moves = [[event.asset, -all, purse] as const]
    if (this.#wallet.move({ atMs, cause: 'withdrawal', id, moves }) === null) return
    const settledMs = secondsOf(atMs + (event.settleMs ?? 20 * minuteMs))
    const outcome = event.outcome ?? 'completed'
    this.#wallet.withdrawals.push({
      id,
      asset: event.asset,
      amount: event.amount,
      fee: event.fee,
      outcome,
      atMs,
      visibleAtMs: atMs,
      settledMs,
      txId: `0x${this.#chance.text(64, hexadecimal)}`,
      address: `0x${this.#chance.text(40, hexadecimal)}`,
    })
    if (outcome === 'completed') return
    this.#agenda.at(settledMs, () => {
      // the list only changes the status: when the money came back it does not say
      this.#wallet.move({
        atMs: settledMs,
        cause: 'withdrawal-returned',
        id,
        moves: [[event.asset, all, purse]],
        dated: false,
        begunMs: atMs,
      })
    })
  }

  #transfer(event: PlannedEvent & { kind: 'transfer' }, atMs: number): void {
    const { asset } = event
    const purse = this.#wallet.purse(event.purse ?? 'spot')
    const { other: named = 'funding' } = event
    const other = named === 'elsewhere' ? named : this.#wallet.purse(named)
    const isKept = other !== 'elsewhere' && (other !== 'funding' || this.#wallet.keepsFunding)
    // in one wallet there is nowhere to go
    if (purse === other) return
    const units = toUnits(event.amount)
    const id = this.#newId()
    const moves = [[asset, units, purse] as const, ...(isKept ? [[asset, -units, other] as const] : [])]
    const info = event.info === undefined ? {} : { info: event.info }
    if (this.#wallet.move({ atMs, cause: 'transfer', id, moves, ...info }) === null) return
    const [from, to] = units < 0n ? ([purse, other] as const) : ([other, purse] as const)
    const amount = fromUnits(units < 0n ? -units : units)
    this.#wallet.transfers.push({ id: Number(id), asset, amount, from, to, atMs, visibleAtMs: atMs })
  }

  #sweep(event: PlannedEvent & { kind: 'dust' }, atMs: number): void {
    const { into = 'BNB' } = event
    const purse = this.#wallet.purse(event.purse ?? 'spot')
    const assets =
      event.assets ?? this.#wallet.held(purse).filter((asset) => this.#isDust(asset, purse, atMs))
    const parts = assets.flatMap((asset) => {
      const amount = this.#wallet.balance(asset, purse)
      const gross =
        into === 'USDT' ? this.#desk.worth(asset, amount, atMs) : this.#exchange(asset, 'BNB', amount, atMs)
      if (amount === 0n || gross === null || gross === 0n) return []
      const charge = into === 'USDT' ? 0n : gross / 50n
      return [{ asset, units: amount, received: gross - charge, charge }]
    })
    if (parts.length === 0) return
    const id = this.#newId()
    const moves = parts.flatMap(({ asset, units, received }) => [
      [asset, -units, purse] as const,
      [into, received, purse] as const,
    ])
    if (this.#wallet.move({ atMs, cause: 'dust', id, moves }) === null) return
    this.#wallet.dust.push({
      id: Number(id),
      purse,
      atMs,
      visibleAtMs: atMs,
      parts: parts.map(({ asset, units, received, charge }) => ({
        asset,
        amount: fromUnits(units),
        received: fromUnits(received),
        charge: fromUnits(charge),
      })),
    })
  }

  #payDebt({ asset, to, purse }: PlannedEvent & { kind: 'small-debt' }, atMs: number): void {
    const { principal, interest } = this.#wallet.debt(asset, purse)
    const cost = this.#exchange(asset, to, principal + interest, atMs)
    if (cost !== null) this.#wallet.payDebt(asset, purse, to, cost, atMs, this.#newId())
  }

  #isDust(asset: string, purse: Purse, atMs: number): boolean {
    if (asset === 'BNB' || asset === 'USDT') return false
    const worth = this.#desk.worth(asset, this.#wallet.balance(asset, purse), atMs)
    return worth !== null && worth > 0n && worth < toUnits('10')
  }

  #convert(event: PlannedEvent & { kind: 'convert' }, atMs: number): void {
    const purse = this.#wallet.purse(event.purse ?? 'spot')
    const from = event.amount === 'all' ? this.#wallet.balance(event.from, purse) : toUnits(event.amount)
    const fair = this.#exchange(event.from, event.to, from, atMs)
    if (fair === null || fair === 0n) return
    const to = (fair * 998n) / 1_000n
    const id = this.#newId()
    const moves = [[event.from, -from, purse] as const, [event.to, to, purse] as const]
    if (this.#wallet.move({ atMs, cause: 'convert', id, moves }) === null) return
    this.#wallet.converts.push({
      id: Number(id),
      quoteId: this.#chance.text(32, hexadecimal),
      from: event.from,
      fromAmount: fromUnits(from),
      to: event.to,
      toAmount: fromUnits(to),
      ratio: fromUnits((to * 100_000_000n) / from),
      inverseRatio: fromUnits((from * 100_000_000n) / to),
      atMs,
      visibleAtMs: atMs,
    })
  }

  #give(event: PlannedEvent & { kind: 'reward' | 'rebate' }, cause: 'reward' | 'rebate', atMs: number): void {
    const { asset, info } = event
    const purse = this.#wallet.purse(event.purse ?? 'spot')
    const id = this.#newId()
    const moves = [[asset, toUnits(event.amount), purse] as const]
    if (this.#wallet.move({ atMs, cause, id, moves, info }) === null) return
    // other wallets show it in their own lists
    if (purse !== 'spot') return
    const amount = fromUnits(toUnits(event.amount))
    this.#wallet.rewards.push({ id: Number(id), asset, amount, info, atMs, visibleAtMs: atMs })
  }

  #fill(event: PlannedEvent & { kind: 'fill' }, atMs: number): void {
    const listing = listingOf(event.symbol)
    if (listing === null) throw new RangeError(`no such market: ${event.symbol}`)
    this.#desk.execute({
      wallet: this.#wallet,
      listing,
      side: event.side,
      quantity: toUnits(event.quantity),
      maker: false,
      orderId: this.#desk.newOrderId(),
      atMs,
      lean: 0,
      visibleAfterMs: event.visibleAfterMs ?? 0,
      purse: event.purse ?? 'spot',
      ...(event.liquidation === undefined ? {} : { liquidation: event.liquidation }),
    })
  }

  #exchange(from: string, to: string, units: bigint, atMs: number): bigint | null {
    const dollars = this.#desk.worth(from, units, atMs)
    const each = this.#desk.worth(to, 100_000_000n, atMs)
    return dollars === null || each === null || each === 0n ? null : (dollars * 100_000_000n) / each
  }
}

/** The lists give whole seconds for these. */
function secondsOf(atMs: number): number {
  return Math.floor(atMs / secondMs) * secondMs
}
