import { hourMs, minuteMs, utf8 } from '@perf-agg/sdk'
import t from 'tap'
import type { Observation } from '../../src/accounting/observation.ts'
import { startCollectors } from '../../src/daemon/collecting/collectors.ts'
import { startSimulator } from '../../src/simulator/simulator.ts'

const startMs = Date.UTC(2026, 0, 5)
const days = 8
const source = { exchange: 'binance', sandbox: false, marketTypes: ['spot'] as const }

/** Everything that polls brought, each entry once, as the ledger keeps it. */
class Seen {
  readonly fills = new Map<string, string>()
  readonly others = new Map<string, string>()
  readonly anchors: { atMs: number; balances: Map<string, string> }[] = []

  take(observation: Observation): void {
    for (const fill of observation.fills) {
      const { symbol, id, side, price, quantity, quoteQuantity, fees, atMs } = fill
      const fee = fees.map(({ asset, amount }) => `${amount} ${asset}`).join()
      this.fills.set(`${symbol} ${id}`, `${atMs} ${side} ${quantity} ${price} ${quoteQuantity} ${fee}`)
    }
    for (const { flow, id, asset, amount } of observation.flows)
      this.others.set(`${flow} ${id}`, `${asset} ${+amount}`)
    for (const { conversion, id, changes } of observation.conversions) {
      this.others.set(
        `${conversion} ${id}`,
        changes
          .map(({ asset, amount }) => `${asset} ${+amount}`)
          .toSorted()
          .join(),
      )
    }
    if (observation.anchor !== null) {
      const { atMs, balances } = observation.anchor
      this.anchors.push({ atMs, balances: new Map(balances.map(({ asset, amount }) => [asset, amount])) })
    }
  }
}

t.test('everything that happened is observed, once, as it was', { timeout: 900_000 }, async (t) => {
  const simulator = await startSimulator({ exchange: 'binance', seed: 11, startMs })
  const clock = { nowMs: () => simulator.nowMs(), frozen: true }
  const exchanges = { binance: { base_url: simulator.url } }
  const collectors = await startCollectors({ clock, exchanges, log: () => {}, replaceAfterJobs: 40 })
  t.teardown(async () => {
    await collectors.close()
    await simulator.close()
  })
  const account = simulator.accounts[0]
  if (account === undefined) return t.fail('no account')
  const credentials = utf8(JSON.stringify({ api_key: account.apiKey, secret: account.secret }))

  const seen = new Seen()
  let cursor: string | null = null
  let stateAtMs = startMs
  // pauses as a scheduler makes them: minutes, hours, and an outage of a day
  const pausesMs = [hourMs, 7 * minuteMs, 53 * minuteMs, 3 * hourMs, hourMs, 40 * minuteMs]
  let failures = 0
  for (let turn = 0; stateAtMs < startMs + days * 24 * hourMs; turn += 1) {
    simulator.advanceTo(stateAtMs)
    const rest = { cursor, previousAnchor: null, apiIntervalMs: 60_000, maxRetries: 3, sweep: false }
    const answer = await collectors.poll({ source, credentials, sinceMs: startMs, ...rest })
    if (answer.kind === 'failed') failures += 1
    else {
      seen.take(answer.observation)
      cursor = answer.cursor
    }
    stateAtMs += turn % 50 === 49 ? 26 * hourMs : (pausesMs[turn % pausesMs.length] ?? hourMs)
  }
  t.ok(failures < 10, 'polls fail only where the story has a fault')

  const lastAnchor = seen.anchors.at(-1)
  const truth = simulator.truth.changes.filter(
    ({ account: uid, visibleAtMs, atMs }) =>
      uid === account.uid && visibleAtMs !== null && Math.max(visibleAtMs, atMs) <= (lastAnchor?.atMs ?? 0),
  )
  const fills = truth.flatMap(({ fill, id, atMs }) => (fill === undefined ? [] : [{ fill, id, atMs }]))
  t.ok(fills.length > 100)
  const missing = fills.filter(({ fill, id, atMs }) => {
    const fee = /[1-9]/.test(fill.fee.amount) ? `${fill.fee.amount} ${fill.fee.asset}` : ''
    const text = `${atMs} ${fill.side} ${fill.quantity} ${fill.price} ${fill.quoteQuantity} ${fee}`
    return seen.fills.get(`${fill.symbol} ${id}`) !== text
  })
  t.strictSame(missing, [], `${fills.length} fills, each as it was`)
  t.equal(seen.fills.size, fills.length, 'and no other')

  const kinds: Readonly<Record<string, string>> = {
    deposit: 'deposit',
    withdrawal: 'withdrawal',
    transfer: 'transfer',
    reward: 'reward',
    dust: 'dust',
    convert: 'convert',
  }
  const others = truth.filter(({ cause }) => cause in kinds)
  const lacking = others.filter(({ cause, id, moves }) => {
    const text = moves
      .map(({ asset, amount }) => `${asset} ${+amount}`)
      .toSorted()
      .join()
    return seen.others.get(`${kinds[cause]} ${id}`) !== text
  })
  t.strictSame(lacking, [], `${others.length} flows and conversions, each as it was`)

  const balances = new Map<string, number>()
  for (const { atMs, account: uid, moves } of simulator.truth.changes) {
    if (uid !== account.uid || atMs > (lastAnchor?.atMs ?? 0)) continue
    for (const { asset, amount } of moves) balances.set(asset, (balances.get(asset) ?? 0) + Number(amount))
  }
  for (const [asset, amount] of lastAnchor?.balances ?? []) {
    t.ok(
      Math.abs((balances.get(asset) ?? 0) - Number(amount)) < 1e-6,
      `the last anchor holds the true ${asset}`,
    )
  }
})
