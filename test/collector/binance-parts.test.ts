import t from 'tap'
import type { Fill, Observation } from '../../src/accounting/observation.ts'
import type { Calls } from '../../src/collector/call.ts'
import { joined, parseCursors, writeCursors } from '../../src/collector/binance/parts.ts'
import { Transfers } from '../../src/collector/binance/transfers.ts'

/** Several wallets of one account made into one observation. */

const nowMs = 1_700_000_000_000

function part(observation: Partial<Observation>) {
  return {
    cursor: '',
    observation: {
      begunAtMs: nowMs,
      complete: true,
      fills: [],
      flows: [],
      conversions: [],
      incomes: [],
      anchor: { atMs: nowMs, balances: [] },
      unavailable: [],
      lost: null,
      ...observation,
    },
  }
}

const anchor = (atMs: number, ...balances: readonly (readonly [string, string])[]) => ({
  atMs,
  balances: balances.map(([asset, amount]) => ({ asset, amount })),
})

function fillAt(atMs: number): Fill {
  return {
    id: '1',
    market: 'spot',
    symbol: 'BTC/USDT',
    base: 'BTC',
    quote: 'USDT',
    side: 'buy',
    price: '1',
    quantity: '1',
    quoteQuantity: '1',
    fees: [],
    atMs,
    execution: 'trade',
  }
}

t.test('balances add up at the latest of the reads', async (t) => {
  const spot = part({ anchor: anchor(nowMs, ['USDT', '100'], ['BTC', '1']) })
  const futures = part({ anchor: anchor(nowMs + 300, ['USDT', '-40'], ['BTC', '-1']), begunAtMs: nowMs - 5 })
  t.match(joined([spot, futures]), {
    begunAtMs: nowMs - 5,
    complete: true,
    anchor: { atMs: nowMs + 300, balances: [{ asset: 'USDT', amount: '60' }] },
  })
})

t.test('no balances of one instant where a wallet changed in between, or the reads lie apart', async (t) => {
  const late = part({ anchor: anchor(nowMs + 300) })
  const moved = part({ anchor: anchor(nowMs), fills: [fillAt(nowMs + 200)] })
  t.match(joined([moved, late]), { complete: false, anchor: null })
  const before = part({ anchor: anchor(nowMs), fills: [fillAt(nowMs)] })
  t.match(joined([before, late]), { complete: true })
  t.match(joined([part({}), part({ anchor: anchor(nowMs + 2_001) })]), { complete: false, anchor: null })
  t.match(joined([part({}), part({ anchor: null, complete: false })]), { complete: false, anchor: null })
  t.match(joined([part({}), part({ complete: false })]), { complete: false, anchor: { atMs: nowMs } })
})

t.test('what is lost of one wallet is lost of the account', async (t) => {
  const one = part({ lost: { fromMs: 10, toMs: 20 }, unavailable: ['dust'] })
  const two = part({ lost: { fromMs: 15, toMs: 40 }, unavailable: ['converts', 'dust'] })
  t.match(joined([one, two]), { lost: { fromMs: 10, toMs: 40 }, unavailable: ['converts', 'dust'] })
})

t.test('each wallet keeps its place, and spot alone keeps the one that it had', async (t) => {
  const cursors = { spot: '{"a":1}', margin: null, linear: '{"b":2}', inverse: null }
  t.same(parseCursors(writeCursors(cursors)), cursors)
  t.same(parseCursors('{"version":1,"symbols":[]}'), {
    spot: '{"version":1,"symbols":[]}',
    margin: null,
    linear: null,
    inverse: null,
  })
  t.same(parseCursors(null), { spot: null, margin: null, linear: null, inverse: null })
  t.throws(() => parseCursors('{"version":1,"wallets":{"spot":null}}'))
  t.throws(() => parseCursors('['))
})

t.test('a transfer is known in the other list by its number, or by what, how much and when', async (t) => {
  const asked: string[] = []
  const caller: Calls = {
    async call(_endpoint, parameters = {}) {
      const type = String(parameters['type'])
      asked.push(type)
      const row = (tranId: number, amount: string, timestamp: number) => {
        return { asset: 'USDT', amount, type, status: 'CONFIRMED', tranId, timestamp }
      }
      const rows =
        type === 'MAIN_UMFUTURE'
          ? [row(1, '10', nowMs - 5_000), row(2, '20', nowMs - 70_000), row(3, '30', nowMs - 900_000)]
          : []
      return { value: { rows, total: rows.length }, body: new Uint8Array() }
    },
  }
  const transfers = new Transfers(caller, ['spot', 'linear'], nowMs)
  const line = (id: string, amount: string, atMs: number) => ({ id, asset: 'USDT', amount, atMs })
  const external = await transfers.external('linear', [
    line('1', '10', nowMs - 4_000),
    line('902', '20', nowMs - 10_000),
    line('903', '30', nowMs),
    line('904', '20', nowMs - 10_000),
  ])
  t.same(
    external.map(({ id }) => id),
    ['903', '904'],
    'too far apart, and one that was matched already',
  )
  t.same(asked.toSorted(), ['MAIN_UMFUTURE', 'UMFUTURE_MAIN'])
  t.same(await new Transfers(caller, ['linear'], nowMs).external('linear', [line('1', '10', nowMs)]), [
    line('1', '10', nowMs),
  ])
  t.equal(asked.length, 2, 'nothing is asked where nothing else is watched')
})
