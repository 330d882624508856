import { parseJson } from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { Permissions } from './answer.ts'
import { CollectorFailure, failureOf, refuseAccount } from './failure.ts'
import { idOf, integerOf, type Row, rowOf, rowsOf } from './field.ts'

/**
 * What an API key may do beyond reading, judged in the daemon from the exchange's own bytes. It fails closed: a
 * flag that is missing counts as set.
 */
export interface Judgement {
  readonly permissions: Permissions
  readonly excess: readonly string[]
}

interface Rules {
  /** Of the answer that says what the key may do. */
  readonly judge: (answer: unknown) => Judgement
  /** The account's own id in the other answer. */
  readonly accountId: (answer: unknown) => string
}

const exchanges: Readonly<Record<string, Rules>> = {
  binance: {
    judge: judgeBinance,
    accountId: (answer) => textOrNumber(rowOf(answer, 'account')['uid'], 'account.uid'),
  },
  bitget: {
    judge: judgeBitget,
    accountId: (answer) => {
      const info = dataOf(answer, 'info')
      return textOrNumber(info['userId'] ?? info['uid'], 'info.userId')
    },
  },
  bybit: { judge: judgeBybit, accountId: accountIdOfBybit },
  coinbase: {
    judge: judgeCoinbase,
    // a key belongs to one portfolio and sees no other
    accountId: (answer) => idOf(rowOf(answer, 'keyPermissions')['portfolio_uuid'], 'portfolio_uuid'),
  },
  kraken: {
    judge: judgeKraken,
    // the account's public number, the same for all its keys
    accountId: (answer) => {
      const iban = rowOf(rowOf(answer, 'keyInfo')['result'], 'keyInfo')['iban']
      return idOf(typeof iban === 'string' ? iban.replaceAll(' ', '') : iban, 'keyInfo.iban')
    },
  },
  krakenfutures: {
    judge: judgeKrakenFutures,
    accountId: (answer) => idOf(rowOf(answer, 'log')['accountUid'], 'log.accountUid'),
  },
  kucoin: {
    judge: judgeKucoin,
    accountId: (answer) => textOrNumber(dataOf(answer, 'apiKey')['uid'], 'apiKey.uid'),
  },
  okx: { judge: judgeOkx, accountId: accountIdOfOkx },
  // of those without a reader of their own it is known whose account it is, and no more
  gate: {
    judge: unjudged,
    accountId: (answer) => idOf(rowOf(answer, 'detail')['user_id'], 'detail.user_id'),
  },
  poloniex: { judge: unjudged, accountId: accountIdOfPoloniex },
  woo: {
    judge: unjudged,
    accountId: (answer) =>
      idOf(rowOf(rowOf(answer, 'info')['data'], 'info')['applicationId'], 'applicationId'),
  },
}

/** Whether an answer of the exchange's says whose account it is. */
export function knowsAccounts(exchange: string): boolean {
  return Object.hasOwn(exchanges, exchange)
}

/** Null: the exchange has no such call, nothing is known. @throws {CollectorFailure} where it is no answer */
export function judgePermissions(exchange: string, restrictions: Uint8Array | null): Judgement {
  const rules = Object.hasOwn(exchanges, exchange) ? exchanges[exchange] : undefined
  if (restrictions === null || rules === undefined) return { permissions: 'unverified', excess: [] }
  return rules.judge(parse(restrictions))
}

/** The exchange's own id of the account. @throws {CollectorFailure} */
export function accountIdOf(exchange: string, account: Uint8Array): string {
  const rules = Object.hasOwn(exchanges, exchange) ? exchanges[exchange] : undefined
  if (rules === undefined) throw new CollectorFailure(failureOf('EXCHANGE_NOT_SUPPORTED', 'session'))
  return rules.accountId(parse(account))
}

function unjudged(): Judgement {
  return { permissions: 'unverified', excess: [] }
}

function accountIdOfPoloniex(answer: unknown): string {
  const spot = rowsOf(answer, 'balances', 16)
    .map((each) => rowOf(each, 'balances'))
    .find(({ accountType }) => accountType === 'SPOT')
  return idOf(spot?.['accountId'], 'balances.accountId')
}

function judgementOf(withdraw: readonly string[], trade: readonly string[]): Judgement {
  const permissions = withdraw.length > 0 ? 'withdraw' : trade.length > 0 ? 'trade' : 'read-only'
  return { permissions, excess: [...withdraw, ...trade] }
}

/** binance's flags; the first three move money out of the account. */
const binanceFlags = {
  withdraw: ['enableWithdrawals', 'enableInternalTransfer', 'permitsUniversalTransfer'],
  trade: [
    'enableSpotAndMarginTrading',
    'enableMargin',
    'enableFutures',
    'enableVanillaOptions',
    'enablePortfolioMarginTrading',
  ],
  /** Newer than some hosts: counts only where it is there. */
  tradeIfThere: ['enableFixApiTrade'],
} as const

function judgeBinance(answer: unknown): Judgement {
  const row = rowOf(answer, 'apiRestrictions')
  const excess = (names: readonly string[]): string[] =>
    names.flatMap((name) => (row[name] === false ? [] : row[name] === true ? [name] : [`${name}?`]))
  const trade = [
    ...excess(binanceFlags.trade),
    ...excess(binanceFlags.tradeIfThere).filter((name) => row[name.replace('?', '')] !== undefined),
  ]
  // A key that may not even read is none that we can use; the exchange says so itself on the next call.
  return judgementOf(excess(binanceFlags.withdraw), trade)
}

/** kraken's words for reading. Any other goes beyond it, one that is new as well. */
const krakenReads = ['query-funds', 'query-open-trades', 'query-closed-trades', 'query-ledger'] as const
const krakenHarmless = new Set<string>([...krakenReads, 'export-data', 'create-ws-token'])
const krakenTrades = new Set(['modify-trades', 'close-trades', 'earn-funds'])

function judgeKraken(answer: unknown): Judgement {
  const given = rowOf(rowOf(answer, 'keyInfo')['result'], 'keyInfo')['permissions']
  if (given === undefined) return judgementOf(['permissions?'], [])
  const words = rowsOf(given, 'keyInfo.permissions', 64).map((word) => idOf(word, 'keyInfo.permissions'))
  const excess = words.filter((word) => !krakenHarmless.has(word))
  const judgement = judgementOf(
    excess.filter((word) => !krakenTrades.has(word)),
    excess.filter((word) => krakenTrades.has(word)),
  )
  const lacking = krakenReads.find((word) => !words.includes(word))
  // Half of what is needed would be half an account.
  if (lacking !== undefined && excess.length === 0) {
    throw new CollectorFailure(
      failureOf('EXCHANGE_KEY_REFUSED', 'session', { exchangeCode: `lacks ${lacking}` }),
    )
  }
  return judgement
}

/** Two words there, one for what may be done with money and one for everything else. */
function judgeKrakenFutures(answer: unknown): Judgement {
  const { permissions } = rowOf(answer, 'keyCheck')
  const given = typeof permissions === 'object' && permissions !== null ? (permissions as Row) : {}
  const excess = (name: string, good: readonly string[]): string[] => {
    const level = given[name]
    if (typeof level === 'string' && good.includes(level)) return []
    return [level === 'FULL_ACCESS' ? name : `${name}?`]
  }
  if (given['general'] === 'NO_ACCESS') {
    throw new CollectorFailure(
      failureOf('EXCHANGE_KEY_REFUSED', 'session', { exchangeCode: 'lacks general' }),
    )
  }
  return judgementOf(excess('transfer', ['NO_ACCESS', 'READ_ONLY']), excess('general', ['READ_ONLY']))
}

function bybitResult(answer: unknown): Row {
  return rowOf(rowOf(answer, 'queryApi')['result'], 'queryApi')
}

/** One flag at bybit stands above all others: a key that is not read-only has whatever its lists say. */
function judgeBybit(answer: unknown): Judgement {
  const { readOnly, permissions } = bybitResult(answer)
  if (readOnly === 1) return judgementOf([], [])
  const wallet =
    typeof permissions === 'object' && permissions !== null ? (permissions as Row)['Wallet'] : undefined
  const flag = readOnly === 0 ? 'readOnly' : 'readOnly?'
  // it may move money unless it is plain that it may not
  return Array.isArray(wallet) && wallet.length === 0 ? judgementOf([], [flag]) : judgementOf([flag], [])
}

function accountIdOfBybit(answer: unknown): string {
  const row = bybitResult(answer)
  // Only there is one wallet with one ledger for everything.
  if (row['uta'] !== 1 && row['readOnly'] === 1) {
    throw refuseAccount('uta')
  }
  return textOrNumber(row['userID'], 'queryApi.userID')
}

function judgeCoinbase(answer: unknown): Judgement {
  const row = rowOf(answer, 'keyPermissions')
  const excess = (name: string): string[] =>
    row[name] === false ? [] : row[name] === true ? [name] : [`${name}?`]
  return judgementOf(excess('can_transfer'), excess('can_trade'))
}

function dataOf(answer: unknown, place: string): Row {
  return rowOf(rowOf(answer, place)['data'], place)
}

/** Reading is one word of several; every other goes beyond it. */
function judgeBitget(answer: unknown): Judgement {
  const { authorities, permType, permissions } = dataOf(answer, 'info')
  // a unified account's key reads all that it may look at, or writes
  if (authorities === undefined && permType !== undefined) {
    if (permType === 'read-only') return judgementOf([], [])
    const words = Array.isArray(permissions) ? rowsOf(permissions, 'info.permissions', 64) : []
    const told = words.map((word) =>
      typeof word === 'string' && /^\w{1,32}$/.test(word) ? word : 'permissions?',
    )
    const trades = told.filter((word) => word === 'uta_trade' || word.startsWith('copy_'))
    const isKnown = permType === 'read-and-write' && trades.length > 0
    return judgementOf(
      [...told.filter((word) => !trades.includes(word)), ...(isKnown ? [] : ['permType?'])],
      trades,
    )
  }
  if (!Array.isArray(authorities) || authorities.length === 0) return judgementOf(['authorities?'], [])
  const words = rowsOf(authorities, 'info.authorities', 64).map((word) =>
    typeof word === 'string' && /^\w{1,32}$/.test(word) ? word : 'authorities?',
  )
  const excess = words.filter((word) => word !== 'readonly' && !bitgetReads.has(word))
  const trades = excess.filter((word) => bitgetTrades.has(word))
  return judgementOf(
    excess.filter((word) => !trades.includes(word)),
    trades,
  )
}

/** Its newer words, by market; what trades is here, everything else may move money. */
const bitgetReads = new Set(['coor', 'cpor', 'stor', 'smor', 'ttor', 'wtor', 'taxr', 'chor', 'p2pr', 'pllr'])
const bitgetTrades = new Set(['trade', 'coow', 'cpow', 'stow', 'smow', 'ttow'])

/** Reading is one word; transfers between the client's own accounts move money, and whatever is new may. */
function judgeKucoin(answer: unknown): Judgement {
  const { permission } = dataOf(answer, 'apiKey')
  if (typeof permission !== 'string') return judgementOf(['permission?'], [])
  const words = permission
    .split(',')
    .map((word) => (/^\w{1,32}$/.test(word.trim()) ? word.trim() : 'permission?'))
  const excess = words.filter((word) => word !== 'General')
  const trades = excess.filter((word) => /^(Trade|Spot|Futures|Margin|Unified|Earn)$/.test(word))
  return judgementOf(
    excess.filter((word) => !trades.includes(word)),
    trades,
  )
}

function okxConfig(answer: unknown): Row {
  return rowOf(rowsOf(rowOf(answer, 'config')['data'], 'config', 1)[0], 'config')
}

/** okx's words, one for each thing that a key may do. */
function judgeOkx(answer: unknown): Judgement {
  const { perm } = okxConfig(answer)
  if (typeof perm !== 'string' || perm === '') return judgementOf(['perm?'], [])
  const words = perm.split(',').map((word) => idOf(word.trim(), 'config.perm'))
  const excess = words.filter((word) => word !== 'read_only')
  return judgementOf(
    excess.filter((word) => word !== 'trade'),
    excess.filter((word) => word === 'trade'),
  )
}

function accountIdOfOkx(answer: unknown): string {
  const { uid, acctLv, perm } = okxConfig(answer)
  // A mode that nobody knows is not read; who may not come in anyway is told of that first.
  if (perm === 'read_only' && !['1', '2', '3', '4'].includes(String(acctLv))) {
    throw refuseAccount('acctLv')
  }
  return textOrNumber(uid, 'config.uid')
}

function textOrNumber(value: unknown, place: string): string {
  return idOf(typeof value === 'string' ? value : integerOf(value, place), place)
}

function parse(bytes: Uint8Array): unknown {
  return parseJson(bytes, { bytesMax: limits.egress.bodyBytesMax, depthMax: limits.frame.jsonDepthMax })
}
