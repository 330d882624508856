import type { Change, TruthWriter } from '../truth.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { DepositRecord, Wallet, WithdrawalRecord } from '../wallet.ts'
import { coinOf, productOf, uuidOf } from './name.ts'

/** What coinbase's lists say of one portfolio, made of what really happened to it. The newest first. */

export interface BookRow {
  readonly id: string
  readonly atMs: number
  readonly row: Readonly<Record<string, unknown>>
}

export function walletId(wallet: Wallet, asset: string): string {
  return uuidOf('wallet', wallet.uid, asset)
}

/** Every coin that it ever held has a wallet. */
export function assetsOf(truth: TruthWriter, { uid }: Wallet): string[] {
  const own = truth.changes.filter(({ account }) => account === uid)
  return [...new Set(own.flatMap(({ moves }) => moves.map(({ asset }) => asset)))]
}

export function accountsOf(truth: TruthWriter, wallet: Wallet): object[] {
  return assetsOf(truth, wallet).map((asset) => {
    const currency = coinOf(asset)
    const held = wallet.locked(asset)
    return {
      uuid: walletId(wallet, asset),
      name: `${currency} Wallet`,
      currency,
      available_balance: { value: fromUnits(wallet.balance(asset) - held), currency },
      hold: { value: fromUnits(held), currency },
      default: false,
      active: true,
      ready: true,
      type: isFiat(asset) ? 'ACCOUNT_TYPE_FIAT' : 'ACCOUNT_TYPE_CRYPTO',
      retail_portfolio_id: uuidOf('portfolio', wallet.uid),
    }
  })
}

export function isFiat(asset: string): boolean {
  return asset === 'USDT'
}

export function fillsOf(truth: TruthWriter, { uid }: Wallet, nowMs: number): BookRow[] {
  return newestFirst(
    shownOf(truth, uid, nowMs).flatMap((change): BookRow[] => {
      const { fill, atMs, sequence } = change
      if (fill === undefined) return []
      const at = new Date(atMs).toISOString()
      const row = {
        entry_id: uuidOf('entry', sequence),
        trade_id: uuidOf('trade', sequence),
        order_id: uuidOf('order', fill.orderId),
        trade_time: at,
        trade_type: 'FILL',
        price: fill.price,
        size: fill.quantity,
        commission: fill.fee.amount,
        product_id: productOf(fill),
        sequence_timestamp: at,
        liquidity_indicator: fill.maker ? 'MAKER' : 'TAKER',
        size_in_quote: false,
        side: fill.side.toUpperCase(),
        retail_portfolio_id: uuidOf('portfolio', uid),
      }
      return [{ id: row.entry_id, atMs, row }]
    }),
  )
}

/** Of one coin: what moved its wallet, each as far as it has come. */
export function transactionsOf(truth: TruthWriter, wallet: Wallet, asset: string, nowMs: number): BookRow[] {
  const simple = shownOf(truth, wallet.uid, nowMs).flatMap((change): BookRow[] => {
    const kind = kindOf(change)
    return change.moves.flatMap((move, place): BookRow[] => {
      if (kind === null || move.asset !== asset) return []
      const { atMs, sequence } = change
      const id = uuidOf('transaction', sequence, place)
      const more = kind === 'trade' ? { trade: { id: uuidOf('convert', sequence) } } : otherEnd(kind)
      const row = transactionOf({ id, kind, asset, amount: move.amount, status: 'completed' }, atMs)
      return [{ id, atMs, row: { ...row, ...more } }]
    })
  })
  const deposits = depositsOf(wallet, asset, nowMs).map(({ record, status }): BookRow => {
    const id = uuidOf('deposit', record.id)
    const kind = isFiat(asset) ? 'fiat_deposit' : 'send'
    const told = { id, kind, asset, amount: record.amount, status }
    return { id, atMs: record.insertedMs, row: transactionOf(told, record.insertedMs) }
  })
  const withdrawals = withdrawalsOf(wallet, asset, nowMs).map(({ record, status }): BookRow => {
    const id = uuidOf('withdrawal', record.id)
    const kind = isFiat(asset) ? 'fiat_withdrawal' : 'send'
    const told = { id, kind, asset, amount: `-${wholeOf(record)}`, status }
    return { id, atMs: record.atMs, row: transactionOf(told, record.atMs) }
  })
  return newestFirst([...simple, ...deposits, ...withdrawals])
}

/** The same of banks, in lists of their own: with the fee apart. */
export function bankTransfersOf(
  wallet: Wallet,
  asset: string,
  direction: 'deposits' | 'withdrawals',
  nowMs: number,
): BookRow[] {
  if (!isFiat(asset)) return []
  const currency = coinOf(asset)
  const money = (amount: string) => ({ amount, currency })
  if (direction === 'deposits') {
    return newestFirst(
      depositsOf(wallet, asset, nowMs).map(({ record, status, changedMs }): BookRow => {
        const id = uuidOf('bank', record.id)
        const row = {
          id,
          status: status === 'pending' ? 'created' : status,
          transaction: { id: uuidOf('deposit', record.id), resource: 'transaction' },
          amount: money(record.amount),
          subtotal: money(record.amount),
          fee: money('0.00'),
          created_at: new Date(record.insertedMs).toISOString(),
          updated_at: new Date(changedMs).toISOString(),
          resource: 'deposit',
        }
        return { id, atMs: record.insertedMs, row }
      }),
    )
  }
  return newestFirst(
    withdrawalsOf(wallet, asset, nowMs).map(({ record, status, changedMs }): BookRow => {
      const id = uuidOf('bank', record.id)
      const row = {
        id,
        status: status === 'pending' ? 'created' : status === 'failed' ? 'canceled' : status,
        transaction: { id: uuidOf('withdrawal', record.id), resource: 'transaction' },
        amount: money(wholeOf(record)),
        subtotal: money(record.amount),
        fee: money(record.fee),
        created_at: new Date(record.atMs).toISOString(),
        updated_at: new Date(changedMs).toISOString(),
        resource: 'withdrawal',
      }
      return { id, atMs: record.atMs, row }
    }),
  )
}

interface Slow<Record> {
  readonly record: Record
  readonly status: 'pending' | 'completed' | 'failed'
  readonly changedMs: number
}

function depositsOf(wallet: Wallet, asset: string, nowMs: number): Slow<DepositRecord>[] {
  return wallet.deposits
    .filter((record) => record.asset === asset && record.visibleAtMs <= nowMs)
    .map((record) =>
      record.atMs <= nowMs
        ? { record, status: 'completed', changedMs: record.atMs }
        : { record, status: 'pending', changedMs: record.insertedMs },
    )
}

function withdrawalsOf(wallet: Wallet, asset: string, nowMs: number): Slow<WithdrawalRecord>[] {
  return wallet.withdrawals
    .filter((record) => record.asset === asset && record.visibleAtMs <= nowMs)
    .map((record): Slow<WithdrawalRecord> => {
      if (record.settledMs > nowMs) return { record, status: 'pending', changedMs: record.atMs }
      const status = record.outcome === 'refused' ? 'failed' : 'completed'
      return { record, status, changedMs: record.settledMs }
    })
}

/** The fee goes on top. */
function wholeOf({ amount, fee }: WithdrawalRecord): string {
  return fromUnits(toUnits(amount) + toUnits(fee))
}

function transactionOf(
  told: { id: string; kind: string; asset: string; amount: string; status: string },
  createdMs: number,
): Readonly<Record<string, unknown>> {
  const { id, kind, asset, amount, status } = told
  return {
    id,
    type: kind,
    status,
    amount: { amount, currency: coinOf(asset) },
    native_amount: { amount: '0.00', currency: 'USD' },
    description: null,
    // since when it stands as it does is told no more
    created_at: new Date(createdMs).toISOString(),
    resource: 'transaction',
  }
}

/** Deposits and withdrawals have lists of their own in the simulation. */
function kindOf({ cause }: Change): string | null {
  switch (cause) {
    case 'fill':
      return 'advanced_trade_fill'
    case 'transfer':
      return 'transfer'
    case 'reward':
      return 'incentives_rewards_payout'
    case 'earn':
      return 'staking_reward'
    case 'convert':
      return 'trade'
    case 'dust':
      return 'retail_simple_dust'
    default:
      return null
  }
}

function otherEnd(kind: string): object {
  return kind === 'transfer' ? { to: { id: uuidOf('vault'), resource: 'account' } } : {}
}

function shownOf(truth: TruthWriter, uid: string, nowMs: number): Change[] {
  return truth.changes.filter(
    ({ account, visibleAtMs }) => account === uid && visibleAtMs !== null && visibleAtMs <= nowMs,
  )
}

function newestFirst(rows: readonly BookRow[]): BookRow[] {
  return rows.toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1))
}
