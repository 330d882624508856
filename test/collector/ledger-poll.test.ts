import { hourMs, minuteMs, parseDecimal, toText } from '@perf-agg/sdk'
import t from 'tap'
import type { Amount, Wallet } from '../../src/accounting/observation.ts'
import type { Base, Entry, Residual } from '../../src/collector/explain.ts'
import { type LedgerSource, pollLedger, type Rest } from '../../src/collector/ledger-poll.ts'

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

/** One that knows what ten dollars are: interest. Of anything else it knows nothing. */
class Knowing extends Books {
  restOf(residual: Residual, base: Base, readMs: number): Rest {
    const amount = residual.get('USDT')
    const isKnown = amount !== undefined && toText(amount) === '-10'
    const one = { income: 'interest', asset: 'USDT', amount: '-10', atMs: readMs } as const
    return {
      flows: [],
      incomes: isKnown ? [{ id: `rest.${base.atMs}`, ...one }] : [],
      conversions: [],
      entries: isKnown ? [{ atMs: readMs, changes: [['USDT', amount]] }] : [],
    }
  }
}

t.test('what no line says may follow from the rest', async (t) => {
  const books = new Knowing()
  const poll = polling(books)
  books.held = [{ asset: 'USDT', amount: '100' }]
  t.ok((await poll(startMs, ['spot'])).complete)
  books.held = [{ asset: 'USDT', amount: '90' }]
  const atMs = startMs + minuteMs
  const seen = await poll(atMs, ['spot'])
  t.ok(seen.complete)
  t.match(seen, {
    incomes: [{ id: `rest.${startMs}`, amount: '-10', atMs }],
    anchor: { atMs, balances: books.held },
  })
  t.same((await poll(startMs + hourMs, ['spot'])).incomes, [], 'it is told once')
})

t.test('beside something that nobody knows it is told once that is given up', async (t) => {
  const books = new Knowing()
  const poll = polling(books)
  books.held = [{ asset: 'USDT', amount: '100' }]
  await poll(startMs, ['spot'])
  books.held = [
    { asset: 'BTC', amount: '1' },
    { asset: 'USDT', amount: '90' },
  ]
  const waiting = await poll(startMs + minuteMs, ['spot'])
  t.notOk(waiting.complete)
  t.same(waiting.incomes, [])
  const given = await poll(startMs + 12 * minuteMs, ['spot'])
  t.ok(given.complete)
  t.match(given.incomes, [{ id: `rest.${startMs}`, amount: '-10' }])
  t.same((await poll(startMs + 13 * minuteMs, ['spot'])).incomes, [])
})
