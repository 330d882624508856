import { add, dayMs, hourMs, parseDecimal, subtract, zero } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Income } from '../../accounting/observation.ts'
import type { Calls, Endpoint } from '../call.ts'
import type { Residual } from '../explain.ts'
import { CollectorFailure } from '../failure.ts'
import { endpoints } from './endpoint.ts'
import {
  earningsOf,
  familyOf,
  fiatOrdersOf,
  fiatPaymentsOf,
  lockedOf,
  namedDepositsOf,
  namedWithdrawalsOf,
  paymentsOf,
  peerTradesOf,
  unlockedOf,
} from './seldom-row.ts'

/**
 * Lists that most accounts have nothing in, and that cost much: read only where something is missing, before markets
 * are searched for it.
 */
export class Seldom {
  readonly #caller: Calls
  readonly #exchangeNowMs: number
  readonly flows: CashFlow[] = []
  readonly conversions: Conversion[] = []
  readonly incomes: Income[] = []

  constructor(caller: Calls, exchangeNowMs: number) {
    this.#caller = caller
    this.#exchangeNowMs = exchangeNowMs
  }

  async read(sinceMs: number, missing: Residual): Promise<void> {
    const nowMs = this.#exchangeNowMs
    const startTime = Math.max(sinceMs - hourMs, nowMs - 29 * dayMs)
    const span = { startTime, endTime: nowMs }
    const page = { ...span, current: 1, size: 100 }
    await this.#list(endpoints.earnings, { ...page, type: 'REALTIME' }, (value) =>
      this.incomes.push(...earningsOf(value, nowMs)),
    )
    await this.#list(endpoints.payments, { ...span, limit: 100 }, (value) =>
      this.flows.push(...paymentsOf(value, nowMs)),
    )
    await this.#list(endpoints.locked, page, (value) => this.flows.push(...lockedOf(value, nowMs)))
    await this.#list(endpoints.unlocked, page, (value) => this.flows.push(...unlockedOf(value, nowMs)))
    await this.#list(endpoints.family, { ...span, limit: 500 }, (value) =>
      this.flows.push(...familyOf(value, nowMs)),
    )
    await this.#list(endpoints.namedWithdrawals, { ...span, limit: 1_000 }, (value) =>
      this.flows.push(...namedWithdrawalsOf(value, nowMs)),
    )
    for (const [direction, transactionType] of [
      ['in', 0],
      ['out', 1],
    ] as const) {
      const asked = { transactionType, beginTime: startTime, endTime: nowMs, page: 1, rows: 500 }
      await this.#list(endpoints.fiatPayments, asked, (value) => {
        const { flows, conversions } = fiatPaymentsOf(value, direction, nowMs)
        this.flows.push(...flows)
        this.conversions.push(...conversions)
      })
      await this.#list(endpoints.fiatOrders, asked, (value) =>
        this.flows.push(...fiatOrdersOf(value, direction, nowMs)),
      )
    }
    await this.#list(endpoints.namedDeposits, { ...span, limit: 1_000 }, (value) => {
      for (const flow of namedDepositsOf(value, nowMs))
        if (this.#isMissing(flow, missing)) this.flows.push(flow)
    })
    for (const tradeType of ['BUY', 'SELL']) {
      const asked = { tradeType, startTimestamp: startTime, endTimestamp: nowMs, page: 1, rows: 100 }
      await this.#list(endpoints.peerTrades, asked, (value) => {
        for (const flow of peerTradesOf(value, nowMs))
          if (this.#isMissing(flow, missing)) this.flows.push(flow)
      })
    }
  }

  /** A flow that may be of another wallet is taken where it is the whole of what its coin lacks. */
  #isMissing({ asset, amount }: CashFlow, missing: Residual): boolean {
    const told = this.flows.filter((flow) => flow.asset === asset)
    const known = told.reduce((sum, flow) => add(sum, parseDecimal(flow.amount)), zero)
    const rest = subtract(subtract(missing.get(asset) ?? zero, known), parseDecimal(amount))
    return missing.has(asset) && rest.digits === 0n
  }

  /** One that the exchange does not give to this account has nothing to explain. */
  async #list(
    endpoint: Endpoint,
    parameters: Readonly<Record<string, string | number>>,
    take: (value: unknown) => void,
  ): Promise<void> {
    try {
      take((await this.#caller.call(endpoint, parameters, 'searching')).value)
    } catch (error) {
      if (!(error instanceof CollectorFailure)) throw error
      const { code, scope } = error.failure
      if (scope === 'exchange' && error.failure.exchangeCode !== null && code !== 'EXCHANGE_UNREACHABLE')
        throw error
    }
  }
}
