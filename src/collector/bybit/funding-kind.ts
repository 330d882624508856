/** What a line of the funding wallet's history is. */
export type FundKind =
  | 'deposit'
  | 'withdrawal'
  | 'transfer'
  | 'convert'
  | 'earn'
  | 'reward'
  | 'payment'
  | 'loan'
  | 'rebate'

/**
 * What the words of the funding wallet's history mean, both with their prefix and whatever is no letter or digit taken
 * off: `fundingAccountRecordTypeDeposit` is `deposit`, `Transfer in` is `transferin`. A word that is not here names
 * nothing: its line is unexplained.
 */
export const fundKinds: Readonly<Record<string, FundKind>> = {
  deposit: 'deposit',
  withdraw: 'withdrawal',
  withdrawal: 'withdrawal',
  transfer: 'transfer',
  transferin: 'transfer',
  transferout: 'transfer',
  bot: 'transfer',
  convert: 'convert',
  // a coin is staked, and another that stands for it is minted
  eth20: 'convert',
  earn: 'earn',
  airdrop: 'reward',
  rewards: 'reward',
  bonus: 'reward',
  // peer to peer, cards of banks, payments: somebody else is on the other side
  fiat: 'payment',
  p2ppurchase: 'payment',
  p2psale: 'payment',
  bybitpay: 'payment',
  card: 'payment',
  bybitcard: 'payment',
  loans: 'loan',
  cryptoloans: 'loan',
  fixedrateloans: 'loan',
  // it stands in the line alone, without a kind
  spotfeerefund: 'rebate',
}

/** Words of a transfer whose other side is the unified wallet. */
export const unifiedWords = /tradingaccount|unified/
/** Of earn: what it gives, not what was put there. */
export const yieldWords = /interest|yield|issuance|bonus|reward|airdrop|distribution/
/** Of payments: set aside as a security, and given back. */
export const securityWords = /securitydeposit|pendingdeposit|confirmeddeposit|fiatga(un)?freeze|unfreezep2p/
/** Of payments: one that did not come about, so that what had left comes back. */
export const backWords = /cancel|refund|unfreeze|return/
export const dustWords = /smallbalance|dust/

/** A word without its prefix and its spelling. */
export function plainWord(text: string): string {
  return text
    .replace(/^fundingAccountRecord(Type(?=[A-Z]))?/, '')
    .replace(/[^A-Za-z\d]/g, '')
    .toLowerCase()
}
