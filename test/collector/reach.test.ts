import { dayMs, hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import { historyMsOf } from '../../src/collector/reach.ts'
import { type Account, accounts, servedOf } from './accounts.ts'
import { serveExchange, type ServedExchange } from './served.ts'

/** A standstill longer than an exchange tells is a gap and no guess, for each of them through the real processes. */

const nowMs = Date.UTC(2026, 0, 5, 12)

function serve(account: Account, answers = account.usual(nowMs)): Promise<ServedExchange> {
  const { exchange, marketTypes, credentials } = account
  return serveExchange(t, exchange, {
    nowMs,
    sinceMs: nowMs - hourMs,
    answers: servedOf(account, answers),
    marketTypes,
    ...(credentials === undefined ? {} : { credentials }),
  })
}

function at(exchange: ServedExchange, account: Account, atMs: number): void {
  exchange.clock.atMs = atMs
  for (const [path, answer] of Object.entries(servedOf(account, account.usual(atMs)))) {
    exchange.answers.set(path, answer)
  }
}

for (const account of accounts) {
  const historyMs = historyMsOf(account.exchange, account.marketTypes)
  // fills of binance's spot wallet are told for ever: see below
  if (historyMs === null || account.name === 'binance spot' || account.name.includes('generic')) continue
  t.test(`${account.name}: ${historyMs / dayMs} days`, async (t) => {
    const exchange = await serve(account)
    const first = await exchange.poll()
    if (first.kind === 'failed') return t.fail(first.code, { first })
    t.equal(first.observation.lost, null)
    const readToMs = first.observation.begunAtMs

    const within = nowMs + historyMs - hourMs
    at(exchange, account, within)
    const near = await exchange.poll({ cursor: first.cursor })
    if (near.kind === 'failed') return t.fail(near.code, { near })
    t.equal(near.observation.lost, null, 'within that time nothing is lost')

    // from the same place, as after a restart
    const beyond = nowMs + historyMs + 2 * dayMs
    at(exchange, account, beyond)
    const far = await exchange.poll({ cursor: first.cursor })
    if (far.kind === 'failed') return t.fail(far.code, { far })
    t.strictSame(far.observation.lost, { fromMs: readToMs, toMs: beyond - historyMs })
    at(exchange, account, beyond + minuteMs)
    const next = await exchange.poll({ cursor: far.cursor })
    if (next.kind === 'failed') return t.fail(next.code, { next })
    t.equal(next.observation.lost, null, 'once')
  })
}

t.test('where the newest fills alone are told, what was pushed out is lost', async (t) => {
  const account = accounts.find(({ exchange }) => exchange === 'hyperliquid')
  if (account === undefined) return t.fail('no such account')
  const fills = account.lists[0]
  if (fills === undefined) return t.fail('no such list')
  const exchange = await serve(account)
  const first = await exchange.poll()
  if (first.kind === 'failed') return t.fail(first.code, { first })
  let laterMs = nowMs + hourMs
  /** As the exchange does: the newest 10,000, from an instant on, 2,000 at once. */
  const tell = async (count: number) => {
    const all = Array.from({ length: count }, (_, index) => fills.row(index, nowMs + 60_000 + index * 100))
    const answers = {
      ...account.usual(laterMs),
      userFillsByTime: (_: URL, body: string) => {
        const { startTime } = JSON.parse(body) as { startTime: number }
        return all
          .slice(-10_000)
          .filter(({ time }) => Number(time) >= startTime)
          .slice(0, 2_000)
      },
    }
    exchange.clock.atMs = laterMs
    for (const [path, answer] of Object.entries(servedOf(account, answers)))
      exchange.answers.set(path, answer)
    return exchange.poll({ cursor: first.cursor })
  }
  const all = await tell(9_999)
  if (all.kind === 'failed') return t.fail(all.code, { all })
  t.equal(all.observation.fills.length, 9_999)
  t.equal(all.observation.lost, null)
  // what is told weighs: another minute has a budget of its own
  laterMs += minuteMs
  const some = await tell(12_000)
  if (some.kind === 'failed') return t.fail(some.code, { some })
  t.equal(some.observation.fills.length, 10_000)
  t.strictSame(some.observation.lost, {
    fromMs: first.observation.begunAtMs,
    toMs: nowMs + 60_000 + 2_000 * 100,
  })
})
