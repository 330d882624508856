import { hourMs, minuteMs, parseDecimal } from '@perf-agg/sdk'
import t from 'tap'
import type { Amount, Wallet } from '../../src/accounting/observation.ts'
import type { Entry } from '../../src/collector/explain.ts'
import { type LedgerSource, pollLedger } from '../../src/collector/ledger-poll.ts'

const startMs = Date.UTC(2026, 2, 1, 7, 20)

/** An exchange's ledger as it stands at each moment, and from when on it was asked. */
class Books implements LedgerSource {
  readonly historyMs = null
  readonly unavailable = []
  readonly readsFromMs: number[] = []
  held: readonly Amount[] = []
  entries: readonly Entry[] = []

  async balances(): Promise<readonly Amount[]> {
    return this.held
  }

  async read(fromMs: number) {
    this.readsFromMs.push(fromMs)
    const none = { fills: [], flows: [], conversions: [], incomes: [] }
    return { ...none, entries: this.entries, pending: false, cutAtMs: null }
  }
}

function polling(books: Books) {
  let cursor: string | null = null
  return async (atMs: number, wallets: readonly Wallet[], edit = (text: string): string => text) => {
    const wants = { sinceMs: startMs - hourMs, previousAnchor: null, sweep: false, wallets }
    const polled = await pollLedger(books, async () => atMs, {
      ...wants,
      cursor: cursor === null ? null : edit(cursor),
    })
    cursor = polled.cursor
    return polled.observation
  }
}

t.test('a wallet that joins is read whole in one poll: what was held before leads nowhere', async (t) => {
  const books = new Books()
  const poll = polling(books)
  books.held = [{ asset: 'USDT', amount: '100' }]
  t.ok((await poll(startMs, ['spot'])).complete)
  t.ok((await poll(startMs + minuteMs, ['spot'])).complete)
  books.held = [{ asset: 'USDT', amount: '350' }]
  books.readsFromMs.length = 0
  const joined = await poll(startMs + 2 * minuteMs, ['spot', 'funding'])
  t.ok(joined.complete)
  t.same(joined.anchor, { atMs: startMs + 2 * minuteMs, balances: books.held })
  const [readFromMs] = books.readsFromMs
  t.equal(readFromMs, startMs - hourMs - 5 * minuteMs, 'to the floor, within two hours')

  // from there on balances are held against the ledger again, and nothing older is read than was read then
  books.held = [{ asset: 'USDT', amount: '340' }]
  books.readsFromMs.length = 0
  const odd = await poll(startMs + hourMs, ['spot', 'funding'])
  t.notOk(odd.complete, 'ten are missing')
  t.ok(books.readsFromMs.every((fromMs) => fromMs >= readFromMs!))
  books.entries = [{ atMs: startMs + 30 * minuteMs, changes: [['USDT', parseDecimal('-10')]] }]
  t.ok((await poll(startMs + hourMs + minuteMs, ['spot', 'funding'])).complete)
})

t.test('a cursor that does not say what was watched was made for the same', async (t) => {
  const books = new Books()
  const poll = polling(books)
  books.held = [{ asset: 'USDT', amount: '100' }]
  t.ok((await poll(startMs, ['spot'])).complete)
  books.held = [{ asset: 'USDT', amount: '90' }]
  const forget = (text: string): string => {
    const { wallets, ...rest } = JSON.parse(text)
    t.same(wallets, ['spot'])
    return JSON.stringify(rest)
  }
  t.notOk((await poll(startMs + minuteMs, ['spot'], forget)).complete, 'ten are missing')
})
