import t from 'tap'
import { isPublicAddress } from '../../src/egress/address.ts'

t.test('public addresses', async (t) => {
  for (const address of [
    '1.1.1.1',
    '52.84.150.39',
    '172.15.255.255',
    '172.32.0.0',
    '2606:4700::1111',
    '2a00:1450::1',
  ]) {
    t.equal(isPublicAddress(address), true, address)
  }
})

t.test('refuses every address that is not public', async (t) => {
  const refused = [
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '203.0.113.9',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a9fe:a9fe',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '',
    'localhost',
    '010.0.0.1',
    '0x7f000001',
    '2130706433',
  ]
  for (const address of refused) t.equal(isPublicAddress(address), false, address)
})
