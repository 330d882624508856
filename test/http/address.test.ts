import fc from 'fast-check'
import t from 'tap'
import { clientAddress, isLoopback, plainAddress, rateKey, trustedProxies } from '../../src/http/address.ts'

t.test('the rightmost hop that is no trusted proxy', async (t) => {
  const proxies = trustedProxies(['10.0.0.0/8', '2001:db8::/32'])
  const of = (peer: string, hops?: string): string => clientAddress(peer, hops, proxies)
  t.equal(of('203.0.113.1', '1.2.3.4'), '203.0.113.1', 'a peer that is no proxy is believed nothing')
  t.equal(of('10.0.0.1'), '10.0.0.1')
  t.equal(of('10.0.0.1', '1.2.3.4'), '1.2.3.4')
  t.equal(of('::ffff:10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9'), '1.2.3.4')
  t.equal(of('10.0.0.1', '10.0.0.2, 10.0.0.3'), '10.0.0.2')
  t.equal(of('10.0.0.1', '1.2.3.4, nonsense, 10.0.0.3'), '10.0.0.3', 'no further than what can be read')
  t.equal(of('10.0.0.1', '1.2.3.4:5678'), '1.2.3.4')
  t.equal(of('2001:db8::1', '[2a00::1]:443'), '2a00::1')
  t.equal(of('', 'x'), 'unknown')
})

t.test('what one client holds', async (t) => {
  t.equal(rateKey('203.0.113.1'), '203.0.113.1')
  t.equal(rateKey('2a00:1:2:3:4:5:6:7'), '2a00:1:2:3::/64')
  t.equal(rateKey('2a00:1::7'), '2a00:1:0:0::/64')
  t.equal(rateKey('2a00:0001::ffff:1.2.3.4'), rateKey('2a00:1:0:0:9::'))
  t.equal(rateKey('::1'), '0:0:0:0::/64')
  t.equal(rateKey('unknown'), 'unknown')
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
  fc.assert(
    fc.property(
      fc.array(group, { minLength: 8, maxLength: 8 }),
      fc.array(group, { minLength: 4, maxLength: 4 }),
      (whole, other) => {
        return rateKey(whole.join(':')) === rateKey([...whole.slice(0, 4), ...other].join(':'))
      },
    ),
  )
})

t.test('addresses as they are written', async (t) => {
  t.equal(plainAddress('::FFFF:127.0.0.1'), '127.0.0.1')
  t.equal(plainAddress('fe80::1%eth0'), 'fe80::1')
  t.equal(plainAddress('1.2.3'), null)
  t.equal(plainAddress(''), null)
  for (const local of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    t.ok(isLoopback(local))
  for (const remote of ['0.0.0.0', '::', '128.0.0.1', 'example.org', '127.0.0.1.example.org', ''])
    t.notOk(isLoopback(remote))
})

t.test('a range that is none is refused', async (t) => {
  for (const range of [
    '',
    'proxy.example',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    '10.0.0.0/',
  ]) {
    t.throws(() => trustedProxies([range]), { code: 'TRUSTED_PROXY_INVALID' }, range)
  }
})
