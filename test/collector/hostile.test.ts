import { hourMs, minuteMs } from '@perf-agg/sdk'
import t from 'tap'
import type { PollAnswer } from '../../src/collector/answer.ts'
import { type Account, accounts, type List, type Row, servedOf } from './accounts.ts'
import { type Served, serveExchange, type ServedExchange } from './served.ts'

/**
 * What can not be true, told by each exchange in the shapes of its own answers, through the real processes: it is refused
 * whole, and nothing of it becomes a number. What never ends is ended.
 */

const nowMs = Date.UTC(2026, 0, 5, 12)
/** Before the next hour, in which every list is read. */
const atMs = nowMs + 50 * minuteMs

interface Watched {
  readonly exchange: ServedExchange
  readonly cursor: string
  /** The next poll's answers, in the place of the usual ones. */
  poll(answers: Readonly<Record<string, Served>>): Promise<PollAnswer>
}

async function watch(account: Account): Promise<Watched | null> {
  const { marketTypes, credentials } = account
  const exchange = await serveExchange(t, account.exchange, {
    nowMs,
    sinceMs: nowMs - hourMs,
    answers: servedOf(account, account.usual(nowMs)),
    marketTypes,
    ...(credentials === undefined ? {} : { credentials }),
  })
  const first = await exchange.poll()
  if (first.kind === 'failed' || !first.observation.complete) return null
  const { cursor } = first
  let laterMs = nowMs + hourMs
  return {
    exchange,
    cursor,
    poll(answers) {
      // another minute has a budget of its own
      laterMs += minuteMs
      exchange.clock.atMs = laterMs
      const all = servedOf(account, { ...account.usual(laterMs), ...answers })
      for (const [path, answer] of Object.entries(all)) exchange.answers.set(path, answer)
      exchange.asked.length = 0
      return exchange.poll({ cursor })
    },
  }
}

const nameOf = ({ path, type }: Pick<List, 'path' | 'type'>): string => type ?? path

/** One list tells those rows, and no more. */
function told(list: List, rows: readonly Row[]): Readonly<Record<string, Served>> {
  return { ...list.also, [nameOf(list)]: (request: URL) => list.page(rows, null, request) }
}

/** Rows that the observation holds, whatever they are. */
function countOf(answer: PollAnswer): number {
  if (answer.kind === 'failed') return 0
  const { fills, flows, conversions, incomes } = answer.observation
  return fills.length + flows.length + conversions.length + incomes.length
}

function isRefused(answer: PollAnswer): boolean {
  return answer.kind === 'failed' && /ANSWER_INVALID/.test(answer.code)
}

/** JSON that only text can hold. */
function rawly(list: List, row: Row, name: string, raw: string): Readonly<Record<string, Served>> {
  const marked = { ...row, [name]: '\u0000here' }
  return {
    ...list.also,
    [nameOf(list)]: (request: URL) =>
      JSON.stringify(list.page([marked], null, request)).replace('"\\u0000here"', raw),
  }
}

const noNumbers = ['NaN', '1e999', 'Infinity', '--5', '5'.repeat(60)]
/** What ccxt reads as a number. */
const strictly = [' 5', '0x10']
const deep = '['.repeat(5_000) + ']'.repeat(5_000)

for (const account of accounts) {
  t.test(account.name, { timeout: 900_000 }, async (t) => {
    const watched = await watch(account)
    if (watched === null) return t.fail('the sound account was not read')
    const { poll, exchange } = watched
    const { balances } = account
    const isGeneric = account.name.includes('generic')

    for (const amount of [...noNumbers, ...(isGeneric ? [] : strictly)]) {
      const answer = await poll({ [nameOf(balances)]: () => balances.of([amount]) })
      t.ok(isRefused(answer), `a balance of ${amount.slice(0, 12)}: ${JSON.stringify(answer).slice(0, 90)}`)
    }
    // of two ccxt takes the last
    if (balances.type === undefined && !isGeneric) {
      const twice = await poll({ [nameOf(balances)]: () => balances.of(['600', '600']) })
      t.ok(isRefused(twice), `a coin that is told twice: ${JSON.stringify(twice).slice(0, 300)}`)
    }

    for (const [place, list] of account.lists.entries()) {
      const isFirst = place === 0
      const sound = list.row(0, atMs)
      const name = nameOf(list)
      const good = await poll(told(list, [sound]))
      const isRead = exchange.asked.some((each) => each.includes(name))
      t.ok(isRead, `${name} is read`)
      t.equal(countOf(good), 1, `${name}: a sound row is one`)

      const again = await poll(told(list, [sound, sound]))
      t.equal(countOf(again), countOf(good), `${name}: a row that comes twice is one`)

      const other = list.positive.at(-1)
      if (other !== undefined) {
        const twin = { ...sound, [other]: '7.5' }
        t.ok(countOf(await poll(told(list, [sound, twin]))) <= 1, `${name}: an id that comes twice is one`)
      }

      const strange: [string, Row][] = list.positive.flatMap((member): [string, Row][] =>
        ['NaN', '1e999', '-1', '0', '', null, {}, true, ...(isGeneric ? [] : strictly)].map((value) => [
          `${member} ${JSON.stringify(value)}`,
          { ...sound, [member]: value },
        ]),
      )
      const year5138 = list.timeAs(95_617_584_000_000)
      for (const value of [year5138, 'yesterday', ...(isGeneric ? [] : [null, -1, {}])]) {
        strange.push([`${list.time} ${JSON.stringify(value)}`, { ...sound, [list.time]: value }])
      }
      if (isRead) {
        for (const [what, row] of strange) {
          const answer = await poll(told(list, [row]))
          t.equal(countOf(answer), 0, `${name}: ${what} counts for nothing`)
          if (exchange.asked.some((each) => each.includes(name))) {
            t.ok(isRefused(answer), `${name}: ${what}: ${JSON.stringify(answer).slice(0, 160)}`)
          }
        }
        for (const member of isFirst ? list.positive.slice(0, 1) : []) {
          for (const raw of ['1e999', 'NaN', '-Infinity', deep]) {
            const answer = await poll(rawly(list, sound, member, raw))
            t.ok(isRefused(answer), `${name}: a bare ${raw.slice(0, 12)}`)
          }
        }
      }

      for (const body of isFirst ? ['', 'null', '{', '<html></html>', deep, '{"a":1,"a":2}'] : []) {
        const answer = await poll({ ...list.also, [name]: () => body })
        t.equal(countOf(answer), 0)
        t.ok(answer.kind === 'failed' || !isRead, `${name}: ${body.slice(0, 12)} is no answer`)
      }

      let index = 0
      const endless = await poll({
        ...list.also,
        [name]: (request: URL) => {
          const rows = Array.from({ length: list.pageRows }, () => list.row((index += 1), atMs))
          return list.page(rows, `c${index}`, request)
        },
      })
      const isEnded = endless.kind === 'failed' || !endless.observation.complete
      t.ok(isEnded, `${name}: pages without end are no whole: ${JSON.stringify(endless).slice(0, 200)}`)
      t.ok(exchange.asked.length < 600, `${name}: after ${exchange.asked.length} requests`)

      const page = Array.from({ length: list.pageRows }, (_, row) => list.row(row, atMs))
      const same = await poll({ ...list.also, [name]: (request: URL) => list.page(page, 'again', request) })
      t.ok(countOf(same) <= page.length, `${name}: the same page again and again is one`)
      t.ok(exchange.asked.length < 600, `${name}: after ${exchange.asked.length} requests`)
    }
  })
}
