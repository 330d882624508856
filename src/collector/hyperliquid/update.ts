import { add, type Decimal, negate, parseDecimal } from '@perf-agg/sdk'
import type { FlowKind } from '../../accounting/observation.ts'
import { decimalOf, type Row, wordOf } from '../field.ts'
import { coinOf, dexNamePattern, settle } from './listing.ts'
import type { Update } from './row.ts'

/** What one line of hyperliquid's ledger did, and to which of the two wallets. */
export interface Effect {
  readonly changes: readonly Change[]
  /** Null: it cost or brought something that is no flow, or nobody knows what. */
  readonly flow: FlowKind | null
}

export interface Change {
  readonly wallet: 'perp' | 'spot'
  readonly asset: string
  readonly amount: Decimal
}

export interface Seen {
  /** The account's own address, in small letters. */
  readonly user: string
  /** The wallet of an exchange of perpetuals within it is read. */
  readonly isRead: (dexName: string) => boolean
}

/** Null of a kind that is not known, or that moves nothing. */
export function effectOf({ type, delta }: Update, seen: Seen): Effect | null {
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined
  return read === undefined ? null : read(new Delta(delta), seen)
}

/** Exchanges of perpetuals that it names. */
export function dexesOf({ delta }: Update): readonly string[] {
  return ['sourceDex', 'destinationDex', 'dex'].flatMap((name) => {
    const value = delta[name]
    return typeof value === 'string' && value !== 'spot' && dexNamePattern.test(value) ? [value] : []
  })
}

/** The members of a line, each read where it is needed. */
class Delta {
  readonly #row: Row

  constructor(row: Row) {
    this.#row = row
  }

  amount(name: string): Decimal {
    return parseDecimal(decimalOf(this.#row[name], `delta.${name}`, 'not-negative'))
  }

  /** Zero where it is left out. */
  fee(name = 'fee'): Decimal {
    const value = this.#row[name]
    return value === undefined || value === null ? parseDecimal('0') : this.amount(name)
  }

  coin(name = 'token', otherwise = settle): string {
    const value = this.#row[name]
    return value === undefined || value === null || value === '' ? otherwise : coinOf(value, `delta.${name}`)
  }

  word(name: string): string {
    return wordOf(this.#row[name], `delta.${name}`)
  }

  is(name: string): boolean {
    return this.#row[name] === true
  }

  /** One side of it is the account. */
  isOf(name: string, user: string): boolean {
    return this.word(name).toLowerCase() === user
  }
}

type Wallet = Change['wallet']

function usdcIn(wallet: Wallet, amount: Decimal, flow: FlowKind | null): Effect {
  return { changes: [{ wallet, asset: settle, amount }], flow }
}

/** From one wallet to another, of whoever's; null is one that is not read here. */
function moved(
  delta: Delta,
  { user }: Seen,
  { from, to, name }: { readonly from: Wallet | null; readonly to: Wallet | null; readonly name: string },
): Effect {
  const changes: Change[] = []
  const asset = delta.coin()
  const amount = delta.amount(name)
  if (from !== null && delta.isOf('user', user)) {
    changes.push({ wallet: from, asset, amount: negate(amount) })
    changes.push({ wallet: from, asset: delta.coin('feeToken'), amount: negate(delta.fee()) })
    changes.push({ wallet: from, asset, amount: negate(delta.fee('nativeTokenFee')) })
  }
  if (to !== null && delta.isOf('destination', user)) changes.push({ wallet: to, asset, amount })
  return { changes, flow: 'transfer' }
}

/** The exchange's own perpetuals have no name, others' exchanges within it have. */
function walletOf(dex: string, { isRead }: Seen): Wallet | null {
  if (dex === 'spot') return 'spot'
  return isRead(dex) ? 'perp' : null
}

const readers: Readonly<Record<string, (delta: Delta, seen: Seen) => Effect | null>> = {
  deposit: (delta) => usdcIn('perp', delta.amount('usdc'), 'deposit'),
  withdraw: (delta) => usdcIn('perp', negate(add(delta.amount('usdc'), delta.fee())), 'withdrawal'),
  accountClassTransfer: (delta) => {
    const amount = delta.is('toPerp') ? delta.amount('usdc') : negate(delta.amount('usdc'))
    return {
      changes: [
        { wallet: 'perp', asset: settle, amount },
        { wallet: 'spot', asset: settle, amount: negate(amount) },
      ],
      flow: 'transfer',
    }
  },
  internalTransfer: (delta, seen) => moved(delta, seen, { from: 'perp', to: 'perp', name: 'usdc' }),
  subAccountTransfer: (delta, seen) => moved(delta, seen, { from: 'perp', to: 'perp', name: 'usdc' }),
  spotTransfer: (delta, seen) => moved(delta, seen, { from: 'spot', to: 'spot', name: 'amount' }),
  send: (delta, seen) =>
    moved(delta, seen, {
      from: walletOf(delta.word('sourceDex'), seen),
      to: walletOf(delta.word('destinationDex'), seen),
      name: 'amount',
    }),
  perpDexClassTransfer: (delta, seen) => {
    const asset = delta.coin()
    const toPerp = delta.is('toPerp') ? delta.amount('amount') : negate(delta.amount('amount'))
    const changes: Change[] = [{ wallet: 'spot', asset, amount: negate(toPerp) }]
    if (seen.isRead(delta.word('dex'))) changes.push({ wallet: 'perp', asset, amount: toPerp })
    return { changes, flow: 'transfer' }
  },
  // vaults hold the owner's money, and are not read
  vaultCreate: (delta) => usdcIn('perp', negate(add(delta.amount('usdc'), delta.fee())), 'transfer'),
  vaultDeposit: (delta) => usdcIn('perp', negate(delta.amount('usdc')), 'transfer'),
  vaultDistribution: (delta) => usdcIn('perp', delta.amount('usdc'), 'transfer'),
  vaultWithdraw: (delta, { user }) =>
    delta.isOf('user', user) ? usdcIn('perp', delta.amount('netWithdrawnUsd'), 'transfer') : null,
  vaultLeaderCommission: (delta) => usdcIn('perp', delta.amount('usdc'), 'reward'),
  cStakingTransfer: (delta) => ({
    changes: [
      {
        wallet: 'spot',
        asset: delta.coin('token', 'HYPE'),
        amount: delta.is('isDeposit') ? negate(delta.amount('amount')) : delta.amount('amount'),
      },
    ],
    flow: 'transfer',
  }),
  rewardsClaim: (delta) => ({
    changes: [{ wallet: 'perp', asset: delta.coin(), amount: delta.amount('amount') }],
    flow: 'reward',
  }),
  spotGenesis: (delta) => ({
    changes: [{ wallet: 'spot', asset: delta.coin(), amount: delta.amount('amount') }],
    flow: 'reward',
  }),
  // what is lent out lies elsewhere; what is borrowed, and paid back with its interest, is told nowhere that adds up
  borrowLend: (delta) => {
    const sign = { supply: negate, withdraw: (amount: Decimal) => amount }[delta.word('operation')]
    if (sign === undefined) return null
    return {
      changes: [{ wallet: 'spot', asset: delta.coin(), amount: sign(delta.amount('amount')) }],
      flow: 'transfer',
    }
  },
  // paid to the exchange for what is no trade: it shows as unexplained, and is a loss
  accountActivationGas: (delta) => gas(delta),
  deployGasAuction: (delta) => gas(delta),
  gossipPriorityGasAuction: (delta) => gas(delta),
}

function gas(delta: Delta): Effect {
  const amount = negate(delta.amount('amount'))
  return { changes: [{ wallet: 'spot', asset: delta.coin('token', 'HYPE'), amount }], flow: null }
}
