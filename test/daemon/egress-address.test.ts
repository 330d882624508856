import t from 'tap'
import { addressFor } from '../../src/daemon/schedule/egress-address.ts'

const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::4']
const accounts = Array.from({ length: 4_000 }, (_, index) => `account-${index}`)

t.test('accounts are spread evenly, whatever their order', async (t) => {
  const counts = addresses.map(() => 0)
  for (const account of accounts) {
    counts[addressFor(account, addresses)]! += 1
  }
  for (const count of counts) t.ok(count > 850 && count < 1_150, `${count} of 4,000`)
})

t.test('an address less moves its own accounts and nobody else', async (t) => {
  const fewer = addresses.slice(0, -1)
  const moved = accounts.filter((account) => addressFor(account, addresses) !== addressFor(account, fewer))
  t.ok(moved.length > 0)
  t.ok(moved.every((account) => addressFor(account, addresses) === 3))
})

t.test('without any of our own it is the first', async (t) => {
  t.equal(addressFor('account', []), 0)
})
