import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startBackend } from './enclave.ts'
import { Exchange } from './exchange.ts'
import { register } from './forge.ts'
import { House, ShiftedClock, until } from './house.ts'

/** A clock of the enclave that is not the exchange's: whatever was asked, nothing is signed. */

t.test('nothing is signed while the clock is over a minute off the exchange’s', async (t) => {
  const exchange = await Exchange.open(t, [{}, {}])
  const backend = await startBackend()
  t.teardown(() => backend.close())
  const clock = new ShiftedClock()
  const house = await House.open(t, {
    exchangeUrl: exchange.url,
    clock,
    flags: { backend_url: backend.url },
  })
  const { enclave: url } = house.daemon.urls
  const registered = (index: number) => register(url, { ...exchange.keyOf(index), nowMs: clock.nowMs() })

  clock.offsetMs = 90_000
  const refused = { status: 503, body: { code: 'CLOCK_SKEW' } }
  t.match(await registered(0), refused, 'no registration is signed')
  t.match(
    await register(url, { nowMs: clock.nowMs() }),
    refused,
    'nor one of trades that no exchange tells of',
  )
  t.equal(backend.statements.length, 0)

  clock.offsetMs = 0
  // once the exchange has been asked again it is known to be right
  t.equal((await registered(0)).status, 201)
  t.equal((await register(url)).status, 201)
  await until('it is polled', () => house.told('polled').length > 0)

  clock.offsetMs = 90_000
  await until('the polls see it', async () => {
    const status = JSON.stringify(await house.status())
    return status.includes('CLOCK_SKEW')
  })
  await until('what was signed is delivered', () => backend.statements.length >= 2)
  const before = backend.statements.length
  const polls = house.told('polled').length
  await pause(1_500)
  t.equal(backend.statements.length, before)
  t.equal(house.told('polled').length, polls, 'what was polled is not taken')
  clock.offsetMs = 0
  t.equal((await registered(1)).status, 201, 'and it goes on')
})
