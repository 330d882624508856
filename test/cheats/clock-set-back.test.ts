// Cheat: the operator sets the clock back, to state hours anew or a session for longer. Defeated by the last signed time.
import { hourMs } from '@perf-agg/sdk'
import t from 'tap'
import { ask, register } from '../e2e/forge.ts'
import { House, ShiftedClock } from '../e2e/house.ts'

t.test('a clock set back', async (t) => {
  const clock = new ShiftedClock()
  const house = await House.open(t, { clock })
  const url = house.daemon.urls.enclave
  const answer = await register(url, { change: { ttl_seconds: 60 } })
  const id = String(answer.body['session_id'])
  clock.offsetMs = -3 * hourMs
  t.match(await register(url, { nowMs: clock.nowMs() }), { status: 503, body: { code: 'CLOCK_SET_BACK' } })
  t.equal((await ask(url, `/enclave/metrics/${id}`)).status, 200)
  clock.uptimeShiftMs = 61_000
  t.equal((await ask(url, `/enclave/metrics/${id}`)).status, 404, 'no session lives longer by it')
  clock.offsetMs = 61_000
  t.match(await ask(url, '/enclave/cleanup', {}), { body: { removed: 1 } }, 'once it is right, all is stated')
})
