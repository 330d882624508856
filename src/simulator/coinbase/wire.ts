import type { KeyObject } from 'node:crypto'
import { secondMs } from '@perf-agg/sdk'
import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
import { Used } from '../used.ts'
import type { Wallet } from '../wallet.ts'
import {
  accountsOf,
  assetsOf,
  bankTransfersOf,
  type BookRow,
  fillsOf,
  transactionsOf,
  walletId,
} from './book.ts'
import { publicKeyOf, readToken } from './key.ts'
import { uuidOf } from './name.ts'
import { candles, productList } from './quotes.ts'

/**
 * coinbase's REST protocol, its reading side: a token signed for each request and good for two minutes by its clock,
 * fills by a cursor, and an older API with a list of transactions for each wallet.
 */

const tokenSeconds = 120
const perSecond = 30

class Refusal extends Error {
  readonly status: number

  constructor(status: number, name: string) {
    super(name)
    this.status = status
  }
}

interface Said {
  readonly status: number
  readonly value: object
}

const tooMuch = { status: 429, value: { error: 'rate_limit_exceeded' } }

const inWords: Readonly<Record<SpokenFault['kind'], Said>> = {
  unavailable: { status: 503, value: { error: 'INTERNAL' } },
  'rate-limit': tooMuch,
  ban: tooMuch,
}

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, { readonly wallet: Wallet; readonly key: KeyObject }>
  /** Of each key. */
  readonly #used = new Used(secondMs)

  constructor({ exchange, wallets }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(
      wallets.map((wallet) => [wallet.apiKey, { wallet, key: publicKeyOf(wallet.secret) }]),
    )
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    const { status, value } = fault === null ? this.#said(asked) : inWords[fault.kind]
    return { status, body: JSON.stringify(value) }
  }

  #said(asked: Asked): Said {
    try {
      if (asked.method !== 'GET') throw new Refusal(405, 'METHOD_NOT_ALLOWED')
      return { status: 200, value: this.#told(asked) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { status, message } = error
      const isOld = asked.path.startsWith('/v2/')
      return { status, value: isOld ? { errors: [{ id: message, message }] } : { error: message } }
    }
  }

  #told(asked: Asked): object {
    const { path, query, nowMs, serverMs } = asked
    if (path === '/api/v3/brokerage/time') {
      const epochSeconds = String(Math.floor(serverMs / 1_000))
      return { iso: new Date(serverMs).toISOString(), epochSeconds, epochMillis: String(serverMs) }
    }
    const [, product] = /^\/api\/v3\/brokerage\/market\/products(?:\/([\w-]+)\/candles)?$/.exec(path) ?? []
    if (product !== undefined) {
      const rows = candles(this.#exchange, product, query, nowMs)
      if (rows === null) throw new Refusal(404, 'NOT_FOUND')
      return { candles: rows }
    }
    if (path === '/api/v3/brokerage/market/products') return { products: productList(this.#exchange, nowMs) }
    return this.#private(this.#authenticate(asked), path, query, nowMs)
  }

  #authenticate({ path, headers, serverMs }: Asked): Wallet {
    const [, text = ''] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? []
    const token = readToken(text)
    const owner = token === null ? undefined : this.#wallets.get(token.kid)
    if (token === null || owner === undefined || token.sub !== token.kid)
      throw new Refusal(401, 'Unauthorized')
    const now = Math.floor(serverMs / 1_000)
    const isNow = token.nbf <= now && token.exp > now && token.exp - token.nbf <= tokenSeconds
    const isForThis = token.uri.startsWith('GET ') && token.uri.endsWith(`${headers.host ?? ''}${path}`)
    if (!isNow || !isForThis || !token.isSignedBy(owner.key)) throw new Refusal(401, 'Unauthorized')
    if (this.#used.add(owner.wallet.uid, 1, serverMs) > perSecond) {
      throw new Refusal(429, 'rate_limit_exceeded')
    }
    return owner.wallet
  }

  #private(wallet: Wallet, path: string, asked: URLSearchParams, nowMs: number): object {
    const { truth } = this.#exchange
    switch (path) {
      case '/api/v3/brokerage/key_permissions':
        return {
          can_view: true,
          can_trade: wallet.permissions.has('can_trade'),
          can_transfer: wallet.permissions.has('can_transfer'),
          portfolio_uuid: uuidOf('portfolio', wallet.uid),
          portfolio_type: 'DEFAULT',
        }
      case '/api/v3/brokerage/accounts': {
        const { rows, cursor } = pageOf(accountsOf(truth, wallet), asked, 250)
        return { accounts: rows, has_next: cursor !== '', cursor, size: rows.length }
      }
      case '/api/v3/brokerage/orders/historical/fills': {
        const [from, to] = ['start_sequence_timestamp', 'end_sequence_timestamp'].map((key) =>
          Date.parse(asked.get(key) ?? ''),
        ) as [number, number]
        const own = fillsOf(truth, wallet, nowMs).filter(({ atMs }) => !(atMs < from) && !(atMs > to))
        const { rows, cursor } = pageOf(own, asked, 100)
        return { fills: rows.map(({ row }) => row), cursor }
      }
      default:
        return this.#older(wallet, path, asked, nowMs)
    }
  }

  #older(wallet: Wallet, path: string, asked: URLSearchParams, nowMs: number): object {
    const { truth } = this.#exchange
    const [, id, list] = /^\/v2\/accounts\/([\w-]+)\/(transactions|deposits|withdrawals)$/.exec(path) ?? []
    const asset = assetsOf(truth, wallet).find((each) => walletId(wallet, each) === id)
    if (asset === undefined || list === undefined) throw new Refusal(404, 'not_found')
    const rows: BookRow[] =
      list === 'transactions'
        ? transactionsOf(truth, wallet, asset, nowMs)
        : bankTransfersOf(wallet, asset, list as 'deposits' | 'withdrawals', nowMs)
    const after = asked.get('starting_after')
    const start = after === null ? 0 : rows.findIndex((row) => row.id === after) + 1
    const limit = Math.min(Number(asked.get('limit') ?? 25), 100)
    const page = rows.slice(start, start + limit)
    const next = start + limit < rows.length ? (page.at(-1)?.id ?? null) : null
    const pagination = { limit, order: 'desc', next_starting_after: next, next_uri: null }
    return { pagination, data: page.map(({ row }) => row) }
  }
}

/** The place of the next page is nobody's business but ours. */
function pageOf<Each>(
  all: readonly Each[],
  asked: URLSearchParams,
  most: number,
): { readonly rows: readonly Each[]; readonly cursor: string } {
  const [, place = '0'] = /^place-(\d+)$/.exec(asked.get('cursor') ?? '') ?? []
  const limit = Math.min(Number(asked.get('limit') ?? most), most)
  const end = Number(place) + limit
  return { rows: all.slice(Number(place), end), cursor: end < all.length ? `place-${end}` : '' }
}
