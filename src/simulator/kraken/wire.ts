import { createHash, createHmac } from 'node:crypto'
import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
import { isSame } from '../signature.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { ledgerOf, type LedgerRow, positionsOf, tradesOf } from './book.ts'
import { Counter } from './counter.ts'
import { rawCoin } from './name.ts'
import { assetPairs, ohlc, trades } from './quotes.ts'

/**
 * kraken spot's REST protocol: 200 for everything, the error inside; a signature over the path and the body; a number
 * that must rise with each private call; a counter of the account's calls; 50 rows a page, newest first.
 */

const pageRows = 50

class Refusal extends Error {}

/** What a private call costs of the account's counter. */
const costs: Readonly<Record<string, number>> = {
  GetApiKeyInfo: 1,
  Balance: 1,
  OpenPositions: 1,
  Ledgers: 2,
  TradesHistory: 2,
}

const inWords: Readonly<Record<SpokenFault['kind'], string>> = {
  unavailable: 'EService:Unavailable',
  'rate-limit': 'EAPI:Rate limit exceeded',
  ban: 'EGeneral:Temporary lockout',
}

/** What every key there may do. */
const readingPermissions = ['query-funds', 'query-open-trades', 'query-closed-trades', 'query-ledger']

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #nonces = new Map<string, bigint>()
  readonly #counters = new Map<string, Counter>()

  constructor({ exchange, wallets }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [wallet.apiKey, wallet]))
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    const said = fault === null ? this.#said(asked) : { error: [inWords[fault.kind]] }
    return {
      status: 200,
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify(said),
    }
  }

  #said(asked: Asked): unknown {
    const { method, path, body, nowMs } = asked
    try {
      const [, room, name = ''] = /^\/0\/(public|private)\/(\w+)$/.exec(path) ?? []
      if (room === 'public') return { error: [], result: this.#public(name, asked) }
      if (room !== 'private' || method !== 'POST') throw new Refusal('EGeneral:Unknown method')
      const form = new URLSearchParams(body.toString('utf8'))
      const wallet = this.#authenticate(asked, form)
      const cost = costs[name]
      // nothing can be ordered or withdrawn here
      if (cost === undefined) throw new Refusal('EGeneral:Permission denied')
      const counter = this.#counters.get(wallet.uid) ?? new Counter()
      this.#counters.set(wallet.uid, counter)
      if (!counter.count(cost, nowMs)) throw new Refusal('EAPI:Rate limit exceeded')
      return { error: [], result: this.#private(name, wallet, form, nowMs) }
    } catch (error) {
      return { error: [error instanceof Refusal ? error.message : 'EGeneral:Internal error'] }
    }
  }

  #authenticate({ path, headers, body }: Asked, form: URLSearchParams): Wallet {
    const key = headers['api-key']
    const signature = headers['api-sign']
    const wallet = this.#wallets.get(typeof key === 'string' ? key : '')
    if (wallet === undefined) throw new Refusal('EAPI:Invalid key')
    const nonce = form.get('nonce') ?? ''
    if (!/^\d{1,19}$/.test(nonce)) throw new Refusal('EAPI:Invalid nonce')
    const inner = createHash('sha256').update(nonce).update(body).digest()
    const expected = createHmac('sha512', Buffer.from(wallet.secret, 'base64'))
      .update(path)
      .update(inner)
      .digest()
    const given = Buffer.from(typeof signature === 'string' ? signature : '', 'base64')
    if (!isSame(given, expected)) throw new Refusal('EAPI:Invalid signature')
    if (BigInt(nonce) <= (this.#nonces.get(wallet.apiKey) ?? 0n)) throw new Refusal('EAPI:Invalid nonce')
    this.#nonces.set(wallet.apiKey, BigInt(nonce))
    return wallet
  }

  #public(name: string, { query, nowMs, serverMs }: Asked): unknown {
    if (name === 'Time')
      return { unixtime: Math.floor(serverMs / 1_000), rfc1123: new Date(serverMs).toUTCString() }
    if (name === 'AssetPairs') return assetPairs(this.#exchange.market, nowMs)
    if (name === 'Trades') return known(trades(this.#exchange, query, nowMs))
    if (name !== 'OHLC') throw new Refusal('EGeneral:Unknown method')
    if (query.get('interval') !== '1') throw new Refusal('EGeneral:Invalid arguments:interval')
    return known(ohlc(this.#exchange, query, nowMs))
  }

  #private(name: string, wallet: Wallet, asked: URLSearchParams, nowMs: number): unknown {
    const { truth } = this.#exchange
    switch (name) {
      case 'GetApiKeyInfo':
        return {
          api_key_name: 'simulated',
          iban: `SIM ${wallet.uid}`,
          permissions: [...readingPermissions, ...wallet.permissions],
        }
      case 'Balance':
        return Object.fromEntries(
          wallet.held().map((asset) => [rawCoin(asset), fromUnits(wallet.balance(asset))]),
        )
      case 'OpenPositions':
        return positionsOf(this.#exchange.leverage.positionsOf(wallet))
      case 'Ledgers':
        return pageOf('ledger', ledgerOf(truth, wallet.uid, nowMs), asked)
      case 'TradesHistory':
        return pageOf('trades', tradesOf(truth, wallet.uid, nowMs), asked)
      default:
        return {}
    }
  }
}

function known(answer: unknown): unknown {
  if (answer === null) throw new Refusal('EQuery:Unknown asset pair')
  return answer
}

/** `start` is exclusive, `end` is not. */
function pageOf(name: string, all: readonly LedgerRow[], asked: URLSearchParams): unknown {
  const number = (key: string, usual: number): number => {
    const text = asked.get(key)
    if (text === null) return usual
    if (!/^\d+(\.\d+)?$/.test(text)) throw new Refusal(`EGeneral:Invalid arguments:${key}`)
    return Number(text)
  }
  const startMs = number('start', 0) * 1_000
  const endMs = number('end', Number.MAX_SAFE_INTEGER / 1_000) * 1_000
  const ofs = number('ofs', 0)
  const rows = all.filter(({ atMs }) => atMs > startMs && atMs <= endMs)
  const page = rows.slice(ofs, ofs + pageRows)
  return { [name]: Object.fromEntries(page.map(({ id, row }) => [id, row])), count: rows.length }
}
