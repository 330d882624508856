import { createHash } from 'node:crypto'
import { concat, utf8 } from '@perf-agg/sdk'
import t from 'tap'
import { type Finished, judgeCandles, judgeCheck, judgePoll } from '../../src/daemon/collecting/judge.ts'
import type { Report } from '../../src/egress/message.ts'

/** What a hostile collector could claim, and what egress saw. */
const account = utf8('{"uid":7,"balances":[]}')
const restrictions = utf8('{"enableWithdrawals":true}')

function report(path: string, body: Uint8Array, more: Partial<Report> = {}): Report {
  return {
    kind: 'report',
    environment: 'live',
    host: 'api.binance.com',
    path,
    status: 200,
    certificate: `sha256:${'0'.repeat(64)}`,
    serverDateMs: null,
    digest: `sha256:${createHash('sha256').update(body).digest('hex')}`,
    bodyBytes: body.length,
    ...more,
  }
}

const reports = [report('/api/v3/account', account), report('/sapi/v1/account/apiRestrictions', restrictions)]
const head = {
  id: 1,
  kind: 'done',
  collector: 'ccxt 4.5.84',
  skewMs: 0,
  weight: {
    requests: 2,
    spent: 21,
    usedOfMinute: 21,
    limitOfMinute: 6_000,
    budgets: { ip: { spent: 21, usedOfMinute: 21, limitOfMinute: 6_000 } },
  },
}

function finished(change: Partial<Finished> & { head?: object; body?: Uint8Array }): Finished {
  const { head: given, body, ...rest } = change
  return {
    frame: { head: given ?? head, body: body ?? new Uint8Array() },
    reports,
    exchange: 'binance',
    hosts: new Set(['api.binance.com', 'fapi.binance.com']),
    environment: 'live',
    heard: () => {},
    knownAccount: null,
    ...rest,
  }
}

function checked(parts: readonly (number | null)[], body: Uint8Array, change: Partial<Finished> = {}) {
  return judgeCheck(finished({ head: { ...head, parts }, body, ...change }))
}

const both = [restrictions.length, account.length]
const refused = { kind: 'failed', code: 'COLLECTOR_ANSWER_INVALID', scope: 'collector' }

t.test('bytes that egress received are judged', async (t) => {
  t.match(checked(both, concat(restrictions, account)), {
    kind: 'checked',
    permissions: 'withdraw',
    accountId: '7',
    origin: { host: 'api.binance.com', environment: 'live', certificate: `sha256:${'0'.repeat(64)}` },
  })
})

t.test('refuses bytes that egress did not receive', async (t) => {
  const harmless = utf8('{"enableWithdrawals":false}')
  t.match(checked([harmless.length, account.length], concat(harmless, account)), refused, 'other permissions')
  const other = utf8('{"uid":8,"balances":[]}')
  t.match(
    checked([restrictions.length, other.length], concat(restrictions, other)),
    refused,
    'another account',
  )
  t.match(
    checked([account.length, account.length], concat(account, account)),
    refused,
    'one answer as the other',
  )
  t.match(checked([1, 1], concat(restrictions, account)), refused, 'lengths that do not add up')
})

t.test('an account of another kind is told of elsewhere', (t) => {
  const info = utf8('{"data":{"userId":"7","permType":"read-only","permissions":[]}}')
  const at = (path: string, status = 200) => {
    const seen = report(path, info, { host: 'api.bitget.com', status })
    const hosts = new Set(['api.bitget.com'])
    return checked([info.length, info.length], concat(info, info), {
      exchange: 'bitget',
      hosts,
      reports: [seen],
    })
  }
  t.match(at('/api/v3/account/info'), { kind: 'checked', permissions: 'read-only', accountId: '7' })
  t.match(at('/api/v3/account/info', 400), refused)
  t.match(at('/api/v3/account/settings'), refused)
  t.end()
})

t.test('the real exchange does not lack the permission call', async (t) => {
  t.match(checked([null, account.length], account), refused)
  const sandbox = reports.map((each) => ({ ...each, environment: 'sandbox' as const }))
  t.match(checked([null, account.length], account, { reports: sandbox, environment: 'sandbox' }), {
    kind: 'checked',
    permissions: 'unverified',
  })
})

t.test('every byte must come from where the source belongs', async (t) => {
  const [first, second] = reports as [Report, Report]
  const body = concat(restrictions, account)
  for (const mixed of [
    [],
    [first, { ...second, environment: 'sandbox' as const }],
    [{ ...first, host: 'testnet.binance.vision' }, second],
  ]) {
    t.match(checked(both, body, { reports: mixed }), refused)
  }
  t.match(checked(both, body, { environment: 'simulated' }), refused)
})

t.test("an observation is read as a stranger's", async (t) => {
  const observation = {
    begunAtMs: 1_767_614_400_000,
    complete: true,
    fills: [],
    flows: [],
    conversions: [],
    incomes: [],
    anchor: null,
    unavailable: [],
    lost: null,
  }
  const poll = (change: object) =>
    judgePoll(
      finished({
        head: { ...head, cursor: '{}' },
        body: utf8(JSON.stringify({ ...observation, ...change })),
      }),
    )
  t.match(poll({}), { kind: 'observed', cursor: '{}' })
  for (const change of [
    { complete: 'yes' },
    { begunAtMs: 1e15 },
    { more: 1 },
    { fills: [{}] },
    { anchor: { atMs: 1_767_614_400_000, balances: [{ asset: 'BTC', amount: '1e5' }] } },
    { anchor: { atMs: 1_767_614_400_000, balances: [{ asset: 'B\u001bTC', amount: '1' }] } },
    { unavailable: ['a\nb'] },
    {
      flows: [
        { id: 'x', flow: 'gift', asset: 'BTC', amount: '1', atMs: 1_767_614_400_000, atEstimated: false },
      ],
    },
  ]) {
    t.throws(() => poll(change), { code: 'INPUT_INVALID' }, JSON.stringify(change))
  }
  t.throws(() => judgeCandles(finished({ body: utf8('[[[1,"1","1","1","1"]]]') })), { code: 'INPUT_INVALID' })
})

t.test('a failure may not say what only the daemon knows', async (t) => {
  const failure = {
    kind: 'failed',
    code: 'EXCHANGE_BANNED',
    exchangeCode: null,
    retryAfterMs: 5,
    scope: 'exchange',
  }
  const judged = (change: object) =>
    judgePoll(finished({ head: { id: 1, kind: 'failed', failure: { ...failure, ...change } } }))
  t.match(judged({}), failure)
  t.throws(() => judged({ code: 'COLLECTOR_CLOSED' }))
  t.throws(() => judged({ exchangeCode: 'a secret\n' }))
  t.throws(() => judged({ retryAfterMs: 1e12 }), 'nor close the exchange for ever')
})
