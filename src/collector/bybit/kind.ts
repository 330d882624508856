import type { Fill, FlowKind, Income } from '../../accounting/observation.ts'

/** What bybit's words mean. A word that is not here names nothing: its line is unexplained, its execution no fill. */

/** How an execution came about. Funding is told by the log. */
export const executionKinds: Readonly<Record<string, Fill['execution']>> = {
  Trade: 'trade',
  BlockTrade: 'trade',
  MovePosition: 'trade',
  FutureSpread: 'trade',
  BustTrade: 'liquidation',
  AdlTrade: 'adl',
  Delivery: 'settlement',
  Settle: 'settlement',
}

/** Lines of the log that an execution stands behind. */
export const executedTypes: ReadonlySet<string> = new Set(['TRADE', 'LIQUIDATION', 'ADL', 'DELIVERY'])

/** Lent into the wallet and paid back out of it: what is held less what is owed stays. */
export const neutralTypes: ReadonlySet<string> = new Set([
  'MANUAL_LOANS_BORROW',
  'MANUAL_LOANS_REPAY',
  'AUTO_LOANS_BORROW',
  'AUTO_LOANS_REPAY',
])

/** From and to the funding wallet, which deposits and withdrawals pass, and other accounts. */
export const transferTypes: ReadonlySet<string> = new Set(['TRANSFER_IN', 'TRANSFER_OUT'])

export const flowKinds: Readonly<Record<string, FlowKind>> = {
  DEPOSIT: 'deposit',
  WITHDRAW: 'withdrawal',
  // these wallets are the owner's too, and not watched
  FLEXIBLE_STAKING_SUBSCRIPTION: 'transfer',
  FLEXIBLE_STAKING_REDEMPTION: 'transfer',
  FLEXIBLE_STAKING_REFUND: 'transfer',
  FIXED_STAKING_SUBSCRIPTION: 'transfer',
  FIXED_STAKING_REDEMPTION: 'transfer',
  FIXED_STAKING_REFUND: 'transfer',
  ONCHAINEARN_SUBSCRIPTION: 'transfer',
  ONCHAINEARN_REDEMPTION: 'transfer',
  ONCHAINEARN_REFUND: 'transfer',
  STRUCTURE_PRODUCT_SUBSCRIPTION: 'transfer',
  STRUCTURE_PRODUCT_REFUND: 'transfer',
  LIQUIDITY_MINING_SUBSCRIPTION: 'transfer',
  LIQUIDITY_MINING_REFUND: 'transfer',
  PWM_SUBSCRIPTION: 'transfer',
  PWM_REFUND: 'transfer',
  DEFI_INVESTMENT_SUBSCRIPTION: 'transfer',
  DEFI_INVESTMENT_REFUND: 'transfer',
  DEFI_INVESTMENT_REDEMPTION: 'transfer',
  // owed elsewhere: no gain, and no loss when it is paid back
  LOANS_BORROW_FUNDS: 'transfer',
  LOANS_PLEDGE_ASSET: 'transfer',
  BORROWED_AMOUNT_INS_LOAN: 'transfer',
  PRINCIPLE_REPAYMENT_INS_LOAN: 'transfer',
  AUTO_PRINCIPLE_REPAYMENT_INS_LOAN: 'transfer',
  TRANSFER_IN_INS_LOAN: 'transfer',
  TRANSFER_OUT_INS_LOAN: 'transfer',
  INSTITUTION_LOAN_IN: 'transfer',
  INSTITUTION_PAYBACK_PRINCIPAL_OUT: 'transfer',
  INSTITUTION_LIQ_PRINCIPAL_OUT: 'transfer',
  INSTITUTION_LOAN_TRANSFER_IN: 'transfer',
  INSTITUTION_LOAN_TRANSFER_OUT: 'transfer',
  AIRDROP: 'reward',
  BONUS: 'reward',
  BONUS_RECOLLECT: 'reward',
  BONUS_TRANSFER_IN: 'reward',
  BONUS_TRANSFER_OUT: 'reward',
}

export const incomeKinds: Readonly<Record<string, Income['income']>> = {
  INTEREST: 'interest',
  INTEREST_REPAYMENT_INS_LOAN: 'interest',
  AUTO_INTEREST_REPAYMENT_INS_LOAN: 'interest',
  INSTITUTION_PAYBACK_INTEREST_OUT: 'interest',
  INSTITUTION_LIQ_INTEREST_OUT: 'interest',
  FEE_REFUND: 'rebate',
  SETTLEMENT: 'funding',
}

/** Given and received without an order book: the lines of one number are one conversion. */
export const conversionTypes: ReadonlySet<string> = new Set([
  'CURRENCY_BUY',
  'CURRENCY_SELL',
  'SPOT_REPAYMENT_SELL',
  'SPOT_REPAYMENT_BUY',
  'AUTO_SOLD_COLLATERAL_INS_LOAN',
  'AUTO_BUY_LIABILITY_INS_LOAN',
  'INSTITUTION_EXCHANGE_SELL',
  'INSTITUTION_EXCHANGE_BUY',
  'TOKENS_SUBSCRIPTION',
  'TOKENS_REDEMPTION',
])
