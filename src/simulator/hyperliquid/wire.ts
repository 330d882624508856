import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '../exchange.ts'
import { spoil } from '../binance/spoil.ts'
import type { FaultPlan } from '../faults.ts'
import type { Wallet } from '../wallet.ts'
import { type BookRow, fillsOf, fundingsOf, updatesOf } from './book.ts'
import { addressOf, otherDex } from './name.ts'
import { Pace } from './pace.ts'
import { allPerpMetas, candles, meta, spotMeta } from './quotes.ts'
import { clearinghouseState, spotClearinghouseState } from './state.ts'

/**
 * hyperliquid's reading side: one path, POST, a word in the body that says what is asked. Nobody signs: an account is an
 * address. What it can't make anything of is 422, too much is 429, and neither says more.
 */

const bodyBytesMax = 65_536
const fillsOfPage = 2_000
const rowsOfPage = 500

type Asked = Readonly<Record<string, unknown>>

class Refusal extends Error {
  readonly status: number

  constructor(status: number) {
    super(String(status))
    this.status = status
  }
}

export class Wire {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #faults: FaultPlan
  readonly #nowMs: () => number
  readonly #pace = new Pace()

  constructor(options: {
    exchange: Exchange
    wallets: readonly Wallet[]
    faults: FaultPlan
    nowMs: () => number
  }) {
    this.#exchange = options.exchange
    this.#wallets = new Map(options.wallets.map((wallet) => [addressOf(wallet), wallet]))
    this.#faults = options.faults
    this.#nowMs = options.nowMs
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = []
    let bytes = 0
    request.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > bodyBytesMax) request.destroy()
      else parts.push(part)
    })
    request.on('end', () => this.#handle(request, response, Buffer.concat(parts)))
  }

  #handle(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const nowMs = this.#nowMs()
    const asked = askedOf(body)
    const type = String(asked?.['type'] ?? '')
    response.setHeader('Date', new Date(nowMs + this.#faults.skewMs(nowMs)).toUTCString())
    // one path for everything: a fault of one list is told apart by its word
    const fault = this.#faults.meet(`${request.url ?? '/'}/${type}`, nowMs)
    if (fault?.kind === 'ban') this.#pace.shutOut(fault.toMs)
    const said = fault?.kind === 'unavailable' ? 500 : fault?.kind === 'rate-limit' ? 429 : null
    const { status, text } =
      said === null ? this.#answer(request, asked, type, nowMs) : { status: said, text: 'null' }
    if (fault !== null && said === null && fault.kind !== 'ban') return spoil(fault, response, text)
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(text)
  }

  #answer(
    request: IncomingMessage,
    asked: Asked | null,
    type: string,
    nowMs: number,
  ): { readonly status: number; readonly text: string } {
    try {
      if (request.url !== '/info' || request.method !== 'POST') throw new Refusal(404)
      if (!this.#pace.count(type, nowMs)) throw new Refusal(429)
      if (asked === null) throw new Refusal(422)
      const told = this.#told(type, asked, nowMs)
      if (Array.isArray(told)) this.#pace.told(type, told.length, nowMs)
      return { status: 200, text: JSON.stringify(told) }
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500
      return {
        status,
        text: status === 422 ? 'Failed to deserialize the JSON body into the target type' : 'null',
      }
    }
  }

  #told(type: string, asked: Asked, nowMs: number): unknown {
    const exchange = this.#exchange
    switch (type) {
      case 'exchangeStatus':
        return { time: nowMs + this.#faults.skewMs(nowMs), specialStatuses: null }
      case 'meta':
        return meta(exchange, dexIn(asked), nowMs)
      case 'allPerpMetas':
        return allPerpMetas(exchange, nowMs)
      case 'spotMeta':
        return spotMeta()
      case 'candleSnapshot': {
        const rows = candles(exchange, asked['req'], nowMs)
        if (rows === null) throw new Refusal(422)
        return rows
      }
      case 'userAbstraction':
        return this.#wallets.get(addressIn(asked))?.unified === true ? 'unifiedAccount' : 'disabled'
      default:
        return this.#account(type, asked, nowMs)
    }
  }

  /** An address that never did anything has empty lists, as any other. */
  #account(type: string, asked: Asked, nowMs: number): unknown {
    const exchange = this.#exchange
    const wallet = this.#wallets.get(addressIn(asked)) ?? null
    const rows = (listOf: (records: Exchange, wallet: Wallet, nowMs: number) => BookRow[], most: number) =>
      wallet === null ? [] : pageOf(listOf(exchange, wallet, nowMs), asked, most)
    switch (type) {
      case 'clearinghouseState':
        return wallet === null
          ? emptyState(nowMs)
          : clearinghouseState(exchange.contracts, wallet, dexIn(asked), nowMs)
      case 'spotClearinghouseState':
        return wallet === null ? { balances: [] } : spotClearinghouseState(wallet)
      case 'userFillsByTime':
        return rows(fillsOf, fillsOfPage)
      case 'userFunding':
        return rows(fundingsOf, rowsOfPage)
      case 'userNonFundingLedgerUpdates':
        return rows(updatesOf, rowsOfPage)
      default:
        throw new Refusal(422)
    }
  }
}

function askedOf(body: Buffer): Asked | null {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown
    return typeof value === 'object' && value !== null ? (value as Asked) : null
  } catch {
    return null
  }
}

function addressIn({ user }: Asked): string {
  if (typeof user !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(user)) throw new Refusal(422)
  return user.toLowerCase()
}

function dexIn({ dex = '' }: Asked): string {
  if (dex !== '' && dex !== otherDex) throw new Refusal(422)
  return dex
}

/** From the oldest on, both ends included. */
function pageOf(all: readonly BookRow[], asked: Asked, most: number): unknown[] {
  const { startTime, endTime = Number.MAX_SAFE_INTEGER } = asked
  if (!Number.isSafeInteger(startTime) || !Number.isSafeInteger(endTime)) throw new Refusal(422)
  return all
    .filter(({ atMs }) => atMs >= (startTime as number) && atMs <= (endTime as number))
    .slice(0, most)
    .map(({ row }) => row)
}

function emptyState(nowMs: number): unknown {
  const summary = { accountValue: '0.0', totalNtlPos: '0.0', totalRawUsd: '0.0', totalMarginUsed: '0.0' }
  return {
    marginSummary: summary,
    crossMarginSummary: summary,
    crossMaintenanceMarginUsed: '0.0',
    withdrawable: '0.0',
    assetPositions: [],
    time: nowMs,
  }
}
