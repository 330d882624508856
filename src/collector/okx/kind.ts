import type { Fill, FlowKind, Income } from '../../accounting/observation.ts'

/** What okx's numbers for types mean. One that is not here names nothing: its bill is unexplained. */

/** Of a fill or a bill of one, by `subType`; others are plain trades. */
export function executionOf(subType: string): Fill['execution'] {
  if (['112', '113', '170', '171', '172'].includes(subType)) return 'settlement'
  if (['125', '126', '127', '128'].includes(subType)) return 'adl'
  return /^(?:10[0-7]|11[0145]|37[67])$/.test(subType) ? 'liquidation' : 'trade'
}

/** Bills of fills: trade, liquidation, deleveraging, hedging, block trade, spread, simple trade, moved position. */
export const filledTypes: ReadonlySet<string> = new Set(['2', '5', '9', '13', '14', '24', '30', '32'])

/** In the list of fills too, though nobody traded: conversions, which their bills tell, and what quick margin lends. */
export const unfilledSubTypes: ReadonlySet<string> = new Set(['118', '119', '212', '213', '236', '237'])

/** Which way a bill that no fill stands behind closed its contracts. */
export const closingSides: Readonly<Record<string, Fill['side']>> = {
  100: 'sell',
  101: 'buy',
  102: 'buy',
  103: 'sell',
  104: 'sell',
  105: 'buy',
  106: 'buy',
  107: 'sell',
  112: 'sell',
  113: 'buy',
  125: 'sell',
  126: 'buy',
  127: 'buy',
  128: 'sell',
}

/** Margin moved to a position, borrowed and paid back: what is held less what is owed stays. */
export const neutralTypes: ReadonlySet<string> = new Set(['6', '15', '16', '22'])

/** By `type`: from and to the funding account, other accounts, and what is the owner's and not watched. */
export const flowKinds: Readonly<Record<string, FlowKind>> = {
  1: 'transfer',
  // bots, structured products
  12: 'transfer',
  26: 'transfer',
  // owed elsewhere
  33: 'transfer',
}

/** Of those, the ones that a bill of the funding account stands against. */
export const transferSubTypes: ReadonlySet<string> = new Set(['11', '12', '290'])

export const flowSubKinds: Readonly<Record<string, FlowKind>> = {
  283: 'transfer',
  284: 'transfer',
  285: 'transfer',
  286: 'transfer',
  287: 'transfer',
  290: 'transfer',
  372: 'reward',
  373: 'reward',
  374: 'reward',
  375: 'reward',
}

export const incomeKinds: Readonly<Record<string, Income['income']>> = {
  7: 'interest',
  8: 'funding',
  // losses of others that the winners bear
  10: 'liquidation-fee',
}

export const incomeSubKinds: Readonly<Record<string, Income['income']>> = {
  108: 'liquidation-fee',
  117: 'liquidation-fee',
  // of loans for a fixed time: charged, given back, overdue
  293: 'interest',
  294: 'interest',
  295: 'interest',
  381: 'earn',
}

/** Given and received without an order book: forced repayment, system conversion, convert, dust, one-click repayment. */
export const conversionTypes: Readonly<Record<string, 'convert' | 'dust'>> = {
  4: 'convert',
  11: 'convert',
  27: 'convert',
  28: 'dust',
  29: 'convert',
}

/** Dollars that become the coin that an option costs. */
export const conversionSubTypes: ReadonlySet<string> = new Set(['220', '221'])
