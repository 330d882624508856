import fc from 'fast-check'
import t from 'tap'
import { ReportedBooks } from '../../src/accounting/self-reported/reported-books.ts'
import { SelfReported } from '../../src/accounting/self-reported/self-reported.ts'
import type { ReportedTrade } from '../../src/accounting/self-reported/self-reported.ts'
import { hour, minute, start } from './desk.ts'

/** Late trades: what is made again is made from the start of their day, and comes out as if they had been in time. */

const day = 24 * hour
const first = Math.ceil(start / day) * day

function open(windowDays: number): SelfReported {
  return SelfReported.open({ openedAtMs: first, graceMs: 90_000, correctionWindowMs: windowDays * day })
}

function trade(atMs: number, over: Partial<ReportedTrade> = {}): ReportedTrade {
  return { symbol: 'BTCUSDT', side: 'buy', price: '100', size: '1', fee: '0.1', atMs, id: null, ...over }
}

function run(account: SelfReported, days: number, fromDay = 0): void {
  for (let at = fromDay; at < days; at += 1) {
    for (const [index, side] of (['buy', 'sell', 'buy', 'sell'] as const).entries()) {
      const atMs = first + at * day + index * 5 * hour + minute
      account.takeTrade(trade(atMs, { side, price: String(100 + ((at * 7 + index) % 13)) }), atMs)
      account.close(atMs)
    }
    account.close(first + (at + 1) * day + 5 * minute)
  }
}

/** How many trades books are taken through. */
function counted(work: () => void): number {
  const { apply } = ReportedBooks.prototype
  let count = 0
  ReportedBooks.prototype.apply = function counting(this: ReportedBooks, one, isForeign) {
    count += 1
    apply.call(this, one, isForeign)
  }
  try {
    work()
  } finally {
    ReportedBooks.prototype.apply = apply
  }
  return count
}

t.test('a late trade after 300 days costs what it costs after three', async (t) => {
  const costs = [3, 300].map((days) => {
    const account = open(400)
    run(account, days)
    const nowMs = first + days * day + 10 * minute
    let corrections = 0
    const cost = counted(() => {
      account.takeTrade(trade(first + (days - 1) * day + 7 * hour, { price: '90' }), nowMs)
      corrections = account.close(nowMs + 20 * minute).corrections.length
    })
    t.equal(corrections, 1)
    return cost
  })
  t.same(costs, [5, 5], 'the four trades of its day, and itself')
})

t.test(
  'corrected from a checkpoint, restored or neither: the same state to the byte, and from then on',
  async () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ day: fc.nat(5), atHour: fc.nat(23), price: fc.integer({ min: 50, max: 150 }) }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        fc.boolean(),
        (lates, isApart) => {
          let account = open(8)
          run(account, 6)
          // What was read back has no checkpoints: it makes everything again from what can't change.
          let other = SelfReported.restore(account.snapshot())
          let nowMs = first + 6 * day + 10 * minute
          for (const { day: late, atHour, price } of lates) {
            for (const one of [account, other]) {
              one.takeTrade(
                trade(first + late * day + atHour * hour + 2 * minute, { price: String(price) }),
                nowMs,
              )
            }
            if (isApart) for (const one of [account, other]) one.close((nowMs += 20 * minute))
            nowMs = Math.floor(nowMs)
          }
          for (const one of [account, other]) one.close(nowMs + 20 * minute)
          same(account, other)
          for (const one of [account, other]) run(one, 9, 6)
          same(account, other)
          account = SelfReported.restore(account.snapshot())
          other = SelfReported.restore(other.snapshot())
          for (const one of [account, other]) run(one, 10, 9)
          same(account, other)
        },
      ),
      { numRuns: 15 },
    )
  },
)

function same(a: SelfReported, b: SelfReported): void {
  if (Buffer.compare(a.snapshot(), b.snapshot()) !== 0) throw new Error('the states differ')
  const [one, other] = [a, b].map((account) => JSON.stringify(account.view(0).portfolio))
  if (one !== other) throw new Error(`${one} is not ${other}`)
}
