import { dayMs } from '@perf-agg/sdk'
import type { Asked } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { Purse } from '../truth.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { type Account, placeOf } from './account.ts'
import type { Book } from './book.ts'
import { numberOf, positionRow, unifiedPosition } from './contract.ts'
import { contractBookOf } from './contract-book.ts'
import { behind, numbered, offset, type Told, within } from './page.ts'
import { refusals } from './refusal.ts'
import { unifiedBookOf } from './unified-book.ts'

/** What each of kucoin's private calls answers, its `data`. */

export function keyOf({ uid, apiKey, permissions, createdMs }: Wallet): unknown {
  return {
    remark: 'simulated',
    apiKey,
    apiVersion: 3,
    permission: ['General', ...permissions].join(','),
    createdAt: createdMs,
    uid: Number(uid),
    isMaster: true,
  }
}

function accountsOf({ balances }: Book): unknown {
  // those of margin are told elsewhere
  const own = [...balances].filter(([account]) => ['MAIN', 'TRADE', 'TRADE_HF'].includes(account))
  return own.flatMap(([account, held]) =>
    [...held]
      .filter(([, units]) => units !== 0n)
      .map(([currency, units]) => ({
        id: `${account}${currency}`.toLowerCase(),
        currency,
        type: account.toLowerCase(),
        balance: fromUnits(units),
        available: fromUnits(units),
        holds: '0',
      })),
  )
}

export function bookAnswer(book: Book, asked: Asked): unknown {
  const { path, query } = asked
  const linesOf = (accounts: readonly Account[]) =>
    within(
      book.lines.filter(({ account }) => accounts.includes(account)),
      asked,
      dayMs,
    )
  const tradeType = query.get('tradeType') ?? 'TRADE'
  switch (path) {
    case '/api/v1/accounts':
      return accountsOf(book)
    case '/api/v1/accounts/ledgers':
      return numbered(linesOf(['MAIN', 'TRADE', 'MARGIN']), query)
    case '/api/v1/hf/accounts/ledgers':
      return behind(linesOf(['TRADE_HF']), query).map(({ row }) => row)
    case '/api/v3/hf/margin/account/ledgers':
      return behind(linesOf(['MARGIN_V2', 'ISOLATED_V2']), query).map(({ row }) => row)
    case '/api/v1/fills': {
      const own = book.fills.filter((fill) => fill.isOlder && fill.tradeType === tradeType)
      return numbered(within(own, asked, 7 * dayMs), query)
    }
    case '/api/v3/margin/interest': {
      const isIsolated = query.get('isIsolated') === 'true'
      const place = isIsolated ? (query.get('symbol') ?? '') : 'cross'
      if (place === '') throw refusals.parameter('symbol')
      const own = book.interests.filter((each) => each.place === place)
      return numbered(within(own, asked, 30 * dayMs, ['startTime', 'endTime']), query)
    }
    default: {
      const symbol = query.get('symbol') ?? ''
      if (symbol === '') throw refusals.parameter('symbol')
      if (path === '/api/v3/hf/margin/fills' && tradeType === 'TRADE') throw refusals.parameter('tradeType')
      const own = book.fills.filter(
        (fill) => !fill.isOlder && fill.symbol === symbol && fill.tradeType === tradeType,
      )
      const rows = behind(within(own, asked, 7 * dayMs), query)
      return { items: rows.map(({ row }) => row), lastId: Number(rows.at(-1)?.number ?? 0n) }
    }
  }
}

/** What lies there and what is owed of it, interest included. */
function coinOf(wallet: Wallet, currency: string, purse: Purse): unknown {
  const { principal, interest } = wallet.debt(currency, purse)
  const total = wallet.balance(currency, purse)
  return {
    currency,
    total: fromUnits(total),
    available: fromUnits(total),
    hold: '0',
    liability: fromUnits(principal + interest),
    liabilityPrincipal: fromUnits(principal),
    liabilityInterest: fromUnits(interest),
    maxBorrowSize: '0',
    borrowEnabled: true,
    transferInEnabled: true,
  }
}

export function crossAnswer(wallet: Wallet): unknown {
  const owed = wallet.debts().flatMap(({ asset, purse }) => (purse === 'margin' ? [asset] : []))
  const coins = [...new Set([...wallet.held('margin'), ...owed])]
  return {
    totalAssetOfQuoteCurrency: '0',
    totalLiabilityOfQuoteCurrency: '0',
    debtRatio: '0',
    status: 'EFFECTIVE',
    accounts: coins.map((currency) => coinOf(wallet, currency, 'margin')),
  }
}

export function isolatedAnswer(wallet: Wallet): unknown {
  const assets = wallet.purses
    .filter((purse) => purse.startsWith('isolated '))
    .map((purse) => {
      const symbol = placeOf(purse)
      const [base = '', quote = ''] = symbol.split('-')
      return {
        symbol,
        status: 'EFFECTIVE',
        debtRatio: '0',
        baseAsset: coinOf(wallet, base, purse),
        quoteAsset: coinOf(wallet, quote, purse),
      }
    })
  return { totalAssetOfQuoteCurrency: '0', totalLiabilityOfQuoteCurrency: '0', assets }
}

/** Those of the futures host. */
export const futuresPaths = new Set(
  ['account-overview', 'positions', 'transaction-history', 'funding-history'].map(
    (name) => `/api/v1/${name}`,
  ),
)

export function futuresAnswer(exchange: Exchange, asked: Asked, wallet: Wallet): unknown {
  const { path, query, nowMs } = asked
  const { marks } = exchange.contracts
  switch (path) {
    case '/api/v1/account-overview': {
      const currency = query.get('currency') ?? 'XBT'
      const asset = currency === 'XBT' ? 'BTC' : currency
      const held = wallet.balance(asset, 'linear') + wallet.balance(asset, 'inverse')
      const open = exchange.contracts.unrealizedOf(wallet, nowMs).get(asset) ?? 0n
      return {
        currency,
        accountEquity: numberOf(held + open),
        unrealisedPNL: numberOf(open),
        marginBalance: numberOf(held),
        positionMargin: 0,
        orderMargin: 0,
        frozenFunds: 0,
        availableBalance: numberOf(held),
      }
    }
    case '/api/v1/positions':
      return wallet.positions
        .filter(({ quantity }) => quantity !== 0n)
        .map((position) => positionRow(position, marks.at(position.contract, nowMs)))
    default: {
      const book = contractBookOf(exchange, wallet.uid, nowMs)
      if (path === '/api/v1/transaction-history') return offset(within(book.lines, asked, dayMs), query)
      const symbol = query.get('symbol')
      if (path === '/api/v1/fills') return numbered(within(book.fills, asked, 7 * dayMs), query, 1_000)
      if (symbol === null) throw refusals.parameter('symbol')
      const own = book.fundings.filter((each) => each.symbol === symbol)
      return offset(within(own, asked, 90 * dayMs), query)
    }
  }
}

export const unifiedPaths = new Set(
  ['unified/account/balance', 'unified/position/open-list', 'account/ledger', 'unified/order/execution'].map(
    (name) => `/api/ua/v1/${name}`,
  ),
)

export function unifiedAnswer(exchange: Exchange, asked: Asked, wallet: Wallet): unknown {
  const { path, query, nowMs } = asked
  if (path === '/api/ua/v1/unified/account/balance') return unifiedBalances(exchange, wallet, nowMs)
  if (path === '/api/ua/v1/unified/position/open-list') {
    const { marks } = exchange.contracts
    return wallet.positions
      .filter(({ quantity }) => quantity !== 0n)
      .map((position) => unifiedPosition(position, marks.at(position.contract, nowMs)))
  }
  const book = unifiedBookOf(exchange, wallet.uid, nowMs)
  if (path === '/api/ua/v1/account/ledger') {
    if (query.get('accountType') !== 'UNIFIED') throw refusals.parameter('accountType')
    return cursored(within(book.lines, asked, dayMs), query)
  }
  const tradeType = query.get('tradeType')
  const symbol = query.get('symbol')
  if (tradeType !== 'FUTURES' && symbol === null) throw refusals.parameter('symbol')
  const own = book.fills.filter(
    (fill) => fill.tradeType === tradeType && (symbol === null || fill.symbol === symbol),
  )
  const answer = cursored(within(own, asked, 7 * dayMs), query)
  return { tradeType, ...answer }
}

function cursored(rows: readonly Told[], query: URLSearchParams): object {
  const page = behind(rows, query, 'pageSize')
  return { lastId: Number(page.at(-1)?.number ?? 0n), items: page.map(({ row }) => row) }
}

function unifiedBalances(exchange: Exchange, wallet: Wallet, nowMs: number): unknown {
  const gains = exchange.contracts.unrealizedOf(wallet, nowMs)
  const owed = wallet.debts().map(({ asset }) => asset)
  const currencies = [...new Set([...wallet.held(), ...gains.keys(), ...owed])].map((currency) => {
    const { principal, interest } = wallet.debt(currency, 'spot')
    // what was charged adds to what is owed
    const balance = wallet.balance(currency)
    return {
      currency,
      equity: fromUnits(balance - principal - interest + (gains.get(currency) ?? 0n)),
      hold: fromUnits(wallet.locked(currency)),
      balance: fromUnits(balance),
      available: fromUnits(balance - wallet.locked(currency)),
      liability: fromUnits(principal + interest),
    }
  })
  return { accountType: 'UNIFIED', ts: nowMs, accounts: [{ currencies }] }
}
