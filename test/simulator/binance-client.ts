import { createHmac } from 'node:crypto'
import type { binance as Binance } from 'ccxt'
import type { Test } from 'tap'
import { startSimulator } from '../../src/simulator/simulator.ts'
import type { Simulator, SimulatorOptions } from '../../src/simulator/simulator.ts'

/** Who asks the simulated binance: unmodified ccxt, or a hand that may sign wrongly. */

export const startMs = Date.UTC(2026, 0, 5)

/** Unmodified ccxt, its clock set to the simulated one and its hosts to the simulator. */
export async function ccxtFor(simulator: Simulator, given: object = {}): Promise<Binance> {
  const module = await import(new URL('./src/binance.js', import.meta.resolve('ccxt')).href)
  const account = simulator.accounts[0]!
  const exchange: Binance = new module.default({
    apiKey: account.apiKey,
    secret: account.secret,
    enableRateLimit: false,
    ...given,
  })
  exchange.urls.api = JSON.parse(
    JSON.stringify(exchange.urls.api).replaceAll(/https:\/\/[\w.{}-]+/g, simulator.url),
  )
  exchange.milliseconds = () => simulator.nowMs()
  return exchange
}

export interface Answer {
  status: number
  headers: Headers
  body: any
}

/** A request signed by hand, so that it can be wrong. */
export async function ask(
  simulator: Simulator,
  path: string,
  params: Record<string, string | number> = {},
  options: {
    timestampMs?: number
    secret?: string
    apiKey?: string
    signed?: boolean
    method?: string
  } = {},
): Promise<Answer> {
  const account = simulator.accounts[0]!
  const all =
    options.signed === false ? params : { timestamp: options.timestampMs ?? simulator.nowMs(), ...params }
  let query = Object.entries(all)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  if (options.signed !== false) {
    query += `&signature=${createHmac('sha256', options.secret ?? account.secret)
      .update(query)
      .digest('hex')}`
  }
  const response = await fetch(`${simulator.url}${path}${query === '' ? '' : `?${query}`}`, {
    method: options.method ?? 'GET',
    headers: { 'X-MBX-APIKEY': options.apiKey ?? account.apiKey },
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  }
}

export async function simulatorFor(test: Test, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ exchange: 'binance', seed: 7, startMs, ...options })
  test.teardown(() => simulator.close())
  return simulator
}
