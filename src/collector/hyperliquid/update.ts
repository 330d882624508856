import { add, type Decimal, negate, parseDecimal } from '@perf-agg/sdk'
import type { FlowKind } from '../../accounting/observation.ts'
import { decimalOf, type Row, wordOf } from '../field.ts'
import { coinOf, settle } from './listing.ts'
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

/** Null of a kind that is not known, or that moves nothing. */
export function effectOf({ type, delta }: Update, user: string): Effect | null {
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined
  return read === undefined ? null : read(new Delta(delta), user)
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
  user: string,
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
function walletOf(dex: string): Wallet | null {
  return dex === '' ? 'perp' : dex === 'spot' ? 'spot' : null
}

const readers: Readonly<Record<string, (delta: Delta, user: string) => Effect | null>> = {
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
  internalTransfer: (delta, user) => moved(delta, user, { from: 'perp', to: 'perp', name: 'usdc' }),
  subAccountTransfer: (delta, user) => moved(delta, user, { from: 'perp', to: 'perp', name: 'usdc' }),
  spotTransfer: (delta, user) => moved(delta, user, { from: 'spot', to: 'spot', name: 'amount' }),
  send: (delta, user) =>
    moved(delta, user, {
      from: walletOf(delta.word('sourceDex')),
      to: walletOf(delta.word('destinationDex')),
      name: 'amount',
    }),
  perpDexClassTransfer: (delta) => ({
    changes: [
      {
        wallet: 'spot',
        asset: delta.coin(),
        amount: delta.is('toPerp') ? negate(delta.amount('amount')) : delta.amount('amount'),
      },
    ],
    flow: 'transfer',
  }),
  // vaults hold the owner's money, and are not read
  vaultCreate: (delta) => usdcIn('perp', negate(add(delta.amount('usdc'), delta.fee())), 'transfer'),
  vaultDeposit: (delta) => usdcIn('perp', negate(delta.amount('usdc')), 'transfer'),
  vaultDistribution: (delta) => usdcIn('perp', delta.amount('usdc'), 'transfer'),
  vaultWithdraw: (delta, user) =>
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
  // paid to the exchange for what is no trade: it shows as unexplained, and is a loss
  accountActivationGas: (delta) => gas(delta),
  deployGasAuction: (delta) => gas(delta),
}

function gas(delta: Delta): Effect {
  const amount = negate(delta.amount('amount'))
  return { changes: [{ wallet: 'spot', asset: delta.coin('token', 'HYPE'), amount }], flow: null }
}
