import { utf8 } from '@perf-agg/sdk'
import t from 'tap'
import { isMissing, judge } from '../../src/collector/binance/judge.ts'
import { CollectorFailure, failureOf } from '../../src/collector/failure.ts'

const nowMs = 1_767_614_400_000

function judged(status: number, body: unknown, headers: Record<string, string> = {}) {
  try {
    return judge(
      { status, headers, body: utf8(typeof body === 'string' ? body : JSON.stringify(body)) },
      nowMs,
    )
  } catch (error) {
    if (!(error instanceof CollectorFailure)) throw error
    const { code, scope, retryAfterMs, exchangeCode } = error.failure
    return [code, scope, exchangeCode, retryAfterMs, error.retryable]
  }
}

t.test("by status and by the exchange's own code", async (t) => {
  const html = '<html>'
  for (const [status, body, headers, expected] of [
    [418, { code: -1003 }, { 'retry-after': '90' }, ['EXCHANGE_BANNED', 'exchange', '-1003', 90_000, false]],
    [
      418,
      { code: -1003, msg: `banned until ${nowMs + 5_000}. x` },
      {},
      ['EXCHANGE_BANNED', 'exchange', '-1003', 5_000, false],
    ],
    [418, html, {}, ['EXCHANGE_BANNED', 'exchange', 'HTTP 418', 120_000, false]],
    [
      418,
      html,
      { 'retry-after': '9999999' },
      ['EXCHANGE_BANNED', 'exchange', 'HTTP 418', 259_200_000, false],
    ],
    [429, { code: -1003 }, {}, ['EXCHANGE_RATE_LIMITED', 'exchange', '-1003', 60_000, false]],
    [
      429,
      { code: -1003 },
      { 'x-sapi-used-uid-weight-1m': '180001', 'retry-after': '7' },
      ['EXCHANGE_RATE_LIMITED', 'session', '-1003', 7_000, false],
    ],
    [429, html, { 'retry-after': 'soon' }, ['EXCHANGE_RATE_LIMITED', 'exchange', 'HTTP 429', 60_000, false]],
    [403, html, {}, ['EXCHANGE_RATE_LIMITED', 'exchange', 'HTTP 403', 300_000, false]],
    [451, { code: 0, msg: 'x' }, {}, ['EXCHANGE_UNREACHABLE', 'exchange', 'HTTP 451', 3_600_000, false]],
    [401, { code: -2015 }, {}, ['EXCHANGE_KEY_REFUSED', 'session', '-2015', null, false]],
    [400, { code: -2014 }, {}, ['EXCHANGE_KEY_REFUSED', 'session', '-2014', null, false]],
    [400, { code: -1022 }, {}, ['EXCHANGE_KEY_REFUSED', 'session', '-1022', null, false]],
    [401, html, {}, ['EXCHANGE_KEY_REFUSED', 'session', 'HTTP 401', null, false]],
    [400, { code: -1021 }, {}, ['EXCHANGE_REQUEST_REFUSED', 'session', '-1021', null, true]],
    [400, { code: -1121 }, {}, ['EXCHANGE_REQUEST_REFUSED', 'session', '-1121', null, false]],
    [404, html, {}, ['EXCHANGE_REQUEST_REFUSED', 'session', 'HTTP 404', null, false]],
    [500, html, {}, ['EXCHANGE_UNREACHABLE', 'exchange', 'HTTP 500', null, true]],
    [
      503,
      { code: -1008 },
      { 'retry-after': '3' },
      ['EXCHANGE_UNREACHABLE', 'exchange', '-1008', 3_000, true],
    ],
    [200, { code: -1000, msg: 'x' }, {}, ['EXCHANGE_UNREACHABLE', 'exchange', '-1000', null, true]],
    [200, html, {}, ['EXCHANGE_ANSWER_INVALID', 'session', 'HTTP 200', null, true]],
    [200, '', {}, ['EXCHANGE_ANSWER_INVALID', 'session', 'HTTP 200', null, true]],
    [200, '{"a":1,"a":2}', {}, ['EXCHANGE_ANSWER_INVALID', 'session', 'HTTP 200', null, true]],
  ] as const) {
    t.strictSame(judged(status, body, headers), expected, `${status} ${JSON.stringify(body)}`)
  }
  t.match(judged(200, { code: '000000', data: [] }), { code: '000000' }, 'a success of the wallet API')
})

t.test('a call that is not there', async (t) => {
  t.equal(isMissing(failureOf('EXCHANGE_REQUEST_REFUSED', 'session', { exchangeCode: 'HTTP 404' })), true)
  t.equal(isMissing(failureOf('EXCHANGE_NOT_SUPPORTED', 'session')), true)
  t.equal(isMissing(failureOf('EXCHANGE_REQUEST_REFUSED', 'session', { exchangeCode: '-1121' })), false)
  t.equal(isMissing(failureOf('EXCHANGE_UNREACHABLE', 'exchange', { exchangeCode: 'HTTP 502' })), false)
})

t.test('an id too long for a double comes through whole, and nothing else is touched', async (t) => {
  const body =
    '{"a":8389765519993908929,"b":[-1352286576452864727,9007199254740991],"c":"x,8389765519993908929,\\"",' +
    '"d":0.12345678901234567,"f":1234567890123456789e0,"g":false}'
  t.strictSame(
    { ...(judged(200, body) as object) },
    {
      a: '8389765519993908929',
      b: ['-1352286576452864727', 9007199254740991],
      c: 'x,8389765519993908929,"',
      d: Number('0.12345678901234567'),
      f: Number('1234567890123456789'),
      g: false,
    },
  )
  for (const broken of [
    '{"a":8389765519993908929',
    '{"a":"8389765519993908929',
    '8389765519993908929"',
    '\\"'.repeat(9),
  ]) {
    t.same(judged(200, broken), ['EXCHANGE_ANSWER_INVALID', 'session', 'HTTP 200', null, true])
  }
})
