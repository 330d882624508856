import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { Exchange } from './exchange.ts'
import { ask, register } from './forge.ts'
import { House, until } from './house.ts'
import { Meddler } from './meddler.ts'

/** Where the exchange says for how long it wants to be left alone, it is, by everybody. */

const exchange = await Exchange.open(t, [{}, {}, {}])
const meddler = await Meddler.before(t, exchange.url)
const house = await House.open(t, { exchangeUrl: meddler.url })
const { enclave: url } = house.daemon.urls
/** Many times what the rest takes. */
const retryAfterS = 12

for (const [status, code] of [
  [429, 'EXCHANGE_RATE_LIMITED'],
  [418, 'EXCHANGE_BANNED'],
] as const) {
  t.test(`${status}: no request before Retry-After is over`, async (t) => {
    const answer = await register(url, exchange.keyOf(0))
    t.equal(answer.status, 201)
    t.equal((await register(url, exchange.keyOf(1))).status, 201)
    let refusedAt: number | null = null
    meddler.rule = (path) => {
      if (path !== '/api/v3/account') return null
      refusedAt ??= performance.now()
      const body = JSON.stringify({ code: -1003, msg: 'Way too many requests' })
      return { status, headers: { 'retry-after': String(retryAfterS) }, body }
    }
    const toldAt = await until('it is refused', () => refusedAt)
    meddler.soundly()
    await until('it has heard', () => house.told('exchange-closed').some((line) => line['code'] === code))
    // what was on its way when it heard arrives all the same
    let asked = -1
    while (asked !== meddler.asked.length) {
      asked = meddler.asked.length
      await setTimeout(1_000)
    }
    const { status: pending, body } = await register(url, exchange.keyOf(2))
    t.match({ pending, status: body['status'] }, { pending: 202, status: 'pending' }, 'nor for a newcomer')
    await until('it asks again', () => meddler.asked.length > asked)
    const quietMs = performance.now() - toldAt
    t.ok(quietMs >= retryAfterS * 1_000 - 50, `quiet for ${Math.round(quietMs)} ms`)
    await until('it goes on', async () => {
      const answers = await Promise.all(
        [answer.body, body].map((each) => ask(url, `/enclave/metrics/${String(each['session_id'])}`)),
      )
      return answers.every((each) => each.body['status'] === 'active')
    })
  })
}
