import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hourMs, hourOf } from '@perf-agg/sdk'
import t from 'tap'
import { ask, register } from './forge.ts'
import { House, ShiftedClock, until } from './house.ts'
import { TradeFeed } from './trade-feed.ts'

/** A clock that is set back: nothing is signed before what was signed already, and all of it later. */

t.test('a clock that is set back signs nothing until it is right again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'perf-agg-clock-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const clock = new ShiftedClock()
  const options = { folder, clock, config: { grace_seconds: 0 } }
  let house = await House.open(t, options)
  const { enclave: url, ws } = house.daemon.urls
  const answer = await register(url)
  const id = String(answer.body['session_id'])
  const feed = await TradeFeed.open(ws, id)

  clock.offsetMs = -2_000
  t.equal((await register(url, { nowMs: clock.nowMs() })).status, 201, 'a small step is borne')

  clock.offsetMs = -2 * hourMs
  const begunMs = performance.now()
  const refused = { status: 503, body: { code: 'CLOCK_SET_BACK' } }
  t.match(await register(url, { nowMs: clock.nowMs() }), refused)
  t.match(await ask(url, '/enclave/cleanup', { session_id: id }), refused)
  const hour = hourOf(clock.nowMs()) - 3 * hourMs
  feed.send(hour + 1)
  await until('the trade is taken', () => feed.acknowledged.length === 1)
  await until('its hour is not stated', () => house.told('hours-not-stated').length > 0)
  await pause(1_000)
  const tries = house.told('hours-not-stated').length
  t.ok(tries <= 3 + (performance.now() - begunMs) / 5_000, `and tried again with pauses: ${tries}`)
  t.match(house.told('hours-not-stated')[0], { code: 'CLOCK_SET_BACK' })
  await house.daemon.stop()

  house = await House.open(t, options)
  const again = house.daemon.urls.enclave
  t.match(await register(again, { nowMs: clock.nowMs() }), refused, 'a restart does not forget')
  clock.offsetMs = 0
  t.equal((await register(again)).status, 201)
  const totals = await until('the hour is stated', async () => {
    const { body } = await ask(again, `/enclave/metrics/${id}`)
    return (body['hourly_buckets'] as unknown[]).length > 0 ? body['totals'] : null
  })
  t.match(totals, { trades: 1 })
})
