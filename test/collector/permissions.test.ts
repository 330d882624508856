import { utf8 } from '@perf-agg/sdk'
import t from 'tap'
import { accountIdOf, judgePermissions } from '../../src/collector/permissions.ts'
import { documented } from './documented.ts'

const reading = {
  ipRestrict: false,
  createTime: 1_698_645_219_000,
  enableReading: true,
  enableWithdrawals: false,
  enableInternalTransfer: false,
  permitsUniversalTransfer: false,
  enableSpotAndMarginTrading: false,
  enableMargin: false,
  enableFutures: false,
  enableVanillaOptions: false,
  enablePortfolioMarginTrading: false,
  enableFixApiTrade: false,
}

function judge(flags: object) {
  return judgePermissions('binance', utf8(JSON.stringify(flags)))
}

t.test('a key that only reads', async (t) => {
  t.strictSame(judge(reading), { permissions: 'read-only', excess: [] })
  t.equal(
    judge({ ...reading, tradingAuthorityExpirationTime: 1, enableFixReadOnly: true }).permissions,
    'read-only',
  )
  const { enableFixApiTrade: _, ...older } = reading
  t.equal(judge(older).permissions, 'read-only', 'hosts that do not have the newest flag')
})

for (const [permissions, names] of [
  ['withdraw', ['enableWithdrawals', 'enableInternalTransfer', 'permitsUniversalTransfer']],
  [
    'trade',
    [
      'enableSpotAndMarginTrading',
      'enableMargin',
      'enableFutures',
      'enableVanillaOptions',
      'enablePortfolioMarginTrading',
      'enableFixApiTrade',
    ],
  ],
] as const) {
  for (const name of names) {
    t.test(`${name} is ${permissions}, set or strange`, async (t) => {
      t.strictSame(judge({ ...reading, [name]: true }), { permissions, excess: [name] })
      for (const strange of ['false', 0, null, {}]) {
        t.strictSame(judge({ ...reading, [name]: strange }), { permissions, excess: [`${name}?`] })
      }
      if (name === 'enableFixApiTrade') return
      t.strictSame(judge({ ...reading, [name]: undefined }), { permissions, excess: [`${name}?`] }, 'missing')
    })
  }
}

t.test('what moves money out outweighs trading', async (t) => {
  t.equal(judge({ ...reading, enableFutures: true, enableWithdrawals: true }).permissions, 'withdraw')
  t.equal(judge({}).permissions, 'withdraw')
})

t.test('no such call is no success', async (t) => {
  t.strictSame(judgePermissions('binance', null), { permissions: 'unverified', excess: [] })
})

t.test('refuses an answer that is none', async (t) => {
  t.throws(() => judge([]))
  t.throws(() => judgePermissions('binance', utf8('{"enableWithdrawals":true,"enableWithdrawals":false}')))
})

t.test('the documented answer', async (t) => {
  const bytes = documented('Account/GetAPIKeyPermissions')
  if (bytes === null) return t.comment('no reference folder here')
  t.strictSame(judgePermissions('binance', bytes), {
    permissions: 'trade',
    excess: ['enablePortfolioMarginTrading'],
  })
})

t.test('the account is known by its uid', async (t) => {
  t.equal(accountIdOf('binance', utf8('{"uid":354937868}')), '354937868')
  t.equal(accountIdOf('binance', utf8('{"uid":"354937868"}')), '354937868')
  for (const bad of ['{}', '{"uid":null}', '{"uid":1.5}', '{"uid":-1}', '{"uid":"a b"}', '{"uid":1e300}']) {
    t.throws(() => accountIdOf('binance', utf8(bad)), bad)
  }
})
