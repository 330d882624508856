import type { Change, Move } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { addressOf, coinOf } from './name.ts'

/** What the ledger says of a change that is no fill and no funding; null where it says nothing. */

const somebody = `0x${'5e'.repeat(20)}`
const bridge = `0x20${'0'.repeat(36)}c5`

type Delta = Readonly<Record<string, unknown>>

export function deltaOf(change: Change, wallet: Wallet): Delta | null {
  const { cause, moves } = change
  const [move] = moves
  if (move === undefined) return null
  const isPerp = move.purse === 'linear'
  switch (cause) {
    case 'deposit':
    case 'withdrawal-returned':
      return isPerp ? { type: 'deposit', usdc: move.amount } : sent(move, wallet, { other: bridge, fee: 0n })
    case 'withdrawal':
      return withdrawn(change, move, wallet)
    case 'transfer':
      return moves.length > 1
        ? between(moves)
        : isPerp
          ? ofPerps(change, move, wallet)
          : ofSpot(change, move, wallet)
    case 'reward':
      return isPerp
        ? { type: 'rewardsClaim', amount: move.amount, token: coinOf(move.asset) }
        : { type: 'spotGenesis', token: coinOf(move.asset), amount: move.amount }
    default:
      return null
  }
}

function withdrawn({ id }: Change, move: Move, wallet: Wallet): Delta {
  const fee = toUnits(wallet.withdrawals.find((each) => each.id === id)?.fee ?? '0')
  if (move.purse !== 'linear') return sent(move, wallet, { other: bridge, fee })
  return { type: 'withdraw', usdc: fromUnits(-toUnits(move.amount) - fee), nonce: 7, fee: fromUnits(fee) }
}

/** A coin to or from another address; what it costs is taken in that coin. */
function sent(
  { asset, amount }: Move,
  wallet: Wallet,
  { other, fee }: { readonly other: string; readonly fee: bigint },
): Delta {
  const units = toUnits(amount)
  const out = units < 0n
  return {
    type: 'spotTransfer',
    token: coinOf(asset),
    amount: fromUnits(out ? -units - fee : units),
    usdcValue: '1.0',
    user: out ? addressOf(wallet) : other,
    destination: out ? other : addressOf(wallet),
    fee: '0.0',
    nativeTokenFee: fromUnits(fee),
    nonce: null,
    feeToken: '',
  }
}

/** From one of its wallets to the other. */
function between(moves: readonly Move[]): Delta {
  const perp = moves.find(({ purse }) => purse === 'linear')
  const toPerp = !(perp?.amount.startsWith('-') ?? true)
  return { type: 'accountClassTransfer', usdc: sizeOf(perp?.amount ?? '0'), toPerp }
}

/** To and from what is not watched, each kind of it in turn. */
function ofPerps({ sequence }: Change, { amount }: Move, wallet: Wallet): Delta {
  const usdc = sizeOf(amount)
  const out = amount.startsWith('-')
  const user = addressOf(wallet)
  const parties = out ? { user, destination: somebody } : { user: somebody, destination: user }
  switch (sequence % 3) {
    case 0:
      if (out) return { type: 'vaultDeposit', vault: somebody, usdc }
      return {
        type: 'vaultWithdraw',
        vault: somebody,
        user,
        requestedUsd: usdc,
        commission: '0.0',
        closingCost: '0.0',
        basis: '0.0',
        netWithdrawnUsd: usdc,
      }
    case 1:
      return { type: 'subAccountTransfer', usdc, ...parties }
    default:
      return { type: 'internalTransfer', usdc, ...parties, fee: '0.0' }
  }
}

function ofSpot({ sequence }: Change, move: Move, wallet: Wallet): Delta {
  const { asset, amount } = move
  const out = amount.startsWith('-')
  const user = addressOf(wallet)
  if (asset !== 'USDT' && sequence % 2 === 0) {
    return { type: 'cStakingTransfer', token: coinOf(asset), amount: sizeOf(amount), isDeposit: out }
  }
  if (sequence % 2 === 0) return sent(move, wallet, { other: somebody, fee: 0n })
  return {
    type: 'send',
    user: out ? user : somebody,
    destination: out ? somebody : user,
    sourceDex: 'spot',
    destinationDex: 'spot',
    token: coinOf(asset),
    amount: sizeOf(amount),
    usdcValue: '1.0',
    fee: '0.0',
    nativeTokenFee: '0.0',
    nonce: 12,
    feeToken: '',
  }
}

function sizeOf(amount: string): string {
  return amount.replace('-', '')
}
