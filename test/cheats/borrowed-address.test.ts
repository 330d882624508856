// Cheat: the public address of a famous trader is registered as one's own. Defeated by a signature of its key, else marked.
import { newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { register } from '../e2e/forge.ts'
import { House } from '../e2e/house.ts'

t.test('a borrowed public address', async (t) => {
  const house = await House.open(t)
  const url = house.daemon.urls.enclave
  const borrowed = {
    exchange: 'hyperliquid',
    credentials: { wallet_address: `0x${'ab'.repeat(20)}` },
    clientKey: await newSigningKey(),
  }
  const answer = await register(url, borrowed)
  // venues whose accounts are public are not offered: nothing is stated of an address
  t.match(answer, { status: 422, body: { code: 'EXCHANGE_UNKNOWN' } })
  t.equal(answer.body['account'], undefined)
})
