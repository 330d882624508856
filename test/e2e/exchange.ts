import { hourMs } from '@perf-agg/sdk'
import type { Test } from 'tap'
import type { AccountPlan } from '../../src/simulator/scenario.ts'
import { type SimulatedAccount, type Simulator, startSimulator } from '../../src/simulator/simulator.ts'
import type { Forgery } from './forge.ts'

/** A simulated exchange on the system's time, with accounts that do nothing of their own accord. */
export class Exchange {
  readonly #simulator: Simulator
  #stopTime: () => void

  private constructor(simulator: Simulator) {
    this.#simulator = simulator
    this.#stopTime = simulator.run(1)
  }

  static async open(t: Test, accounts: readonly Partial<AccountPlan>[]): Promise<Exchange> {
    const simulator = await startSimulator({
      exchange: 'binance',
      seed: 1,
      startMs: Date.now() - hourMs,
      scenario: { accounts: accounts.map((plan) => ({ opening: { USDT: '1000' }, trader: null, ...plan })) },
    })
    simulator.advanceTo(Date.now())
    const exchange = new Exchange(simulator)
    t.teardown(async () => {
      exchange.#stopTime()
      await simulator.close()
    })
    return exchange
  }

  get url(): string {
    return this.#simulator.url
  }

  account(index: number): SimulatedAccount {
    return this.#simulator.accounts[index]!
  }

  /** What a registration of this account says. */
  keyOf(index: number): Pick<Forgery, 'exchange' | 'credentials'> {
    const { apiKey, secret } = this.account(index)
    return { exchange: 'binance', credentials: { api_key: apiKey, secret } }
  }

  /** Its time goes on to that instant. */
  advanceTo(atMs: number): void {
    this.#stopTime()
    this.#simulator.advanceTo(atMs)
    this.#stopTime = this.#simulator.run(1)
  }
}
