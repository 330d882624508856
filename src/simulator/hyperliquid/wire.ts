import type { Answer, Asked, Protocol, ProtocolOptions } from '../door.ts'
import type { Exchange } from '../exchange.ts'
import type { SpokenFault } from '../faults.ts'
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

const fillsOfPage = 2_000
const rowsOfPage = 500

type Question = Readonly<Record<string, unknown>>

class Refusal extends Error {
  readonly status: number

  constructor(status: number) {
    super(String(status))
    this.status = status
  }
}

export class Wire implements Protocol {
  readonly #exchange: Exchange
  readonly #wallets: ReadonlyMap<string, Wallet>
  readonly #pace = new Pace()

  constructor({ exchange, wallets }: ProtocolOptions) {
    this.#exchange = exchange
    this.#wallets = new Map(wallets.map((wallet) => [addressOf(wallet), wallet]))
  }

  /** One path for everything: a fault of one list is told apart by its word. */
  placeOf({ url, body }: Asked): string {
    return `${url}/${typeOf(questionIn(body))}`
  }

  answer(asked: Asked, fault: SpokenFault | null): Answer {
    const { method, url, nowMs } = asked
    const question = questionIn(asked.body)
    const type = typeOf(question)
    if (fault?.kind === 'ban') this.#pace.shutOut(fault.toMs)
    try {
      if (fault?.kind === 'unavailable') throw new Refusal(500)
      if (fault?.kind === 'rate-limit') throw new Refusal(429)
      if (url !== '/info' || method !== 'POST') throw new Refusal(404)
      if (!this.#pace.count(type, nowMs)) throw new Refusal(429)
      if (question === null) throw new Refusal(422)
      const told = this.#told(type, question, asked)
      if (Array.isArray(told)) this.#pace.told(type, told.length, nowMs)
      return { status: 200, body: JSON.stringify(told) }
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500
      return {
        status,
        body: status === 422 ? 'Failed to deserialize the JSON body into the target type' : 'null',
      }
    }
  }

  #told(type: string, question: Question, { nowMs, serverMs }: Asked): unknown {
    const exchange = this.#exchange
    switch (type) {
      case 'exchangeStatus':
        return { time: serverMs, specialStatuses: null }
      case 'meta':
        return meta(exchange, dexIn(question), nowMs)
      case 'allPerpMetas':
        return allPerpMetas(exchange, nowMs)
      case 'spotMeta':
        return spotMeta()
      case 'candleSnapshot': {
        const rows = candles(exchange, question['req'], nowMs)
        if (rows === null) throw new Refusal(422)
        return rows
      }
      case 'userAbstraction':
        return this.#wallets.get(addressIn(question))?.unified === true ? 'unifiedAccount' : 'disabled'
      default:
        return this.#account(type, question, nowMs)
    }
  }

  /** An address that never did anything has empty lists, as any other. */
  #account(type: string, question: Question, nowMs: number): unknown {
    const exchange = this.#exchange
    const wallet = this.#wallets.get(addressIn(question)) ?? null
    const rows = (listOf: (records: Exchange, wallet: Wallet, nowMs: number) => BookRow[], most: number) =>
      wallet === null ? [] : pageOf(listOf(exchange, wallet, nowMs), question, most)
    switch (type) {
      case 'clearinghouseState':
        return wallet === null
          ? emptyState(nowMs)
          : clearinghouseState(exchange.contracts, wallet, dexIn(question), nowMs)
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

function questionIn(body: Buffer): Question | null {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown
    return typeof value === 'object' && value !== null ? (value as Question) : null
  } catch {
    return null
  }
}

function typeOf(question: Question | null): string {
  return String(question?.['type'] ?? '')
}

function addressIn({ user }: Question): string {
  if (typeof user !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(user)) throw new Refusal(422)
  return user.toLowerCase()
}

function dexIn({ dex = '' }: Question): string {
  if (dex !== '' && dex !== otherDex) throw new Refusal(422)
  return dex
}

/** From the oldest on, both ends included. */
function pageOf(all: readonly BookRow[], question: Question, most: number): unknown[] {
  const { startTime, endTime = Number.MAX_SAFE_INTEGER } = question
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
