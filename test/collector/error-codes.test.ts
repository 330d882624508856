import { secondMs, utf8 } from '@perf-agg/sdk'
import t from 'tap'
import { judge as binance } from '../../src/collector/binance/judge.ts'
import { judge as bitget } from '../../src/collector/bitget/judge.ts'
import { judge as bybit } from '../../src/collector/bybit/judge.ts'
import type { Judge } from '../../src/collector/call.ts'
import { judge as coinbase } from '../../src/collector/coinbase/judge.ts'
import { CollectorFailure } from '../../src/collector/failure.ts'
import { judge as generic } from '../../src/collector/generic/judge.ts'
import { judge as hyperliquid } from '../../src/collector/hyperliquid/judge.ts'
import { judge as kraken } from '../../src/collector/kraken/judge.ts'
import { judge as krakenfutures } from '../../src/collector/krakenfutures/judge.ts'
import { judge as kucoin } from '../../src/collector/kucoin/judge.ts'
import { judge as okx } from '../../src/collector/okx/judge.ts'

/**
 * Every error that an exchange is known to answer with, as ccxt lists them, means to us what it means there, or stands
 * below with the reason why not. A code that a next release of ccxt brings is looked at before it is taken.
 */

const nowMs = Date.UTC(2026, 0, 5, 12)
const date = new Date(nowMs).toUTCString()

type Kind = 'key' | 'account' | 'limited' | 'down' | 'clock' | 'request'

interface Exchange {
  readonly judge: Judge
  readonly status: number
  body(code: string): unknown
  /** Of ccxt's table those that are codes of the exchange's. */
  readonly codes?: RegExp
  /** What a code means here where ccxt says otherwise. */
  readonly otherwise: readonly (readonly [Kind, why: string, codes: string])[]
}

const exchanges: Readonly<Record<string, Exchange>> = {
  binance: {
    judge: binance,
    status: 400,
    body: (code) => ({ code: Number(code), msg: 'x' }),
    codes: /^-\d+$/,
    otherwise: [
      ['down', 'the service ends, to begin again', '-1016'],
      ['request', 'not found, or not allowed: which of them is not said', '-1099'],
      ['request', 'asks for more of the owner before he may trade or lend', '-3001'],
      ['request', 'only told to who orders', '-2012 -2023'],
      [
        'request',
        'this account may not trade, which nobody here does',
        '-4090 -4192 -4194 -4195 -4200 -4201',
      ],
      ['request', 'the same', '-4203 -4205 -4206 -4400 -4401 -4402 -4403 -3014 -3018 -3019 -3022 -3036'],
      [
        'request',
        'of lists that this account has no part in',
        '-3043 -3999 -6003 -6017 -10047 -13003 -13007 -18005',
      ],
      ['request', 'only told to who moves money', '-3007 -3029 -3037 -5010 -5012 -6013 -10005 -10015 -10016'],
      ['request', 'the same', '-10023 -10025 -10032 -10041 -21003 -21006 -21007'],
    ],
  },
  bybit: {
    judge: bybit,
    status: 200,
    body: (code) => ({ retCode: Number(code), retMsg: 'x', result: {} }),
    otherwise: [
      ['down', 'the exchange’s own error', '10016'],
      [
        'account',
        'not the key: the account is of another kind, barred or unknown by name',
        '10020 10024 10027',
      ],
      ['account', 'the same', '10028 10029 100028 131004'],
      ['request', 'only told to who orders', '30011 30012 30013 30033 30035 110065 110067 110068 110069'],
      ['request', 'the same', '140065 140067 140068 140069 170201 170224 175010 176035 176036 176037'],
    ],
  },
  okx: {
    judge: okx,
    status: 400,
    body: (code) => ({ code, msg: 'x', data: [] }),
    otherwise: [
      ['account', 'there is no such user, or none with rights', '50008 50010 50027 50028'],
      ['limited', 'of the owner of several accounts', '50061'],
      ['key', 'frozen, or of another part of the exchange', '50100 50108 50109'],
      ['clock', 'the time is none', '50112'],
      [
        'request',
        'of streams',
        '4001 4003 4004 4005 4007 4008 60001 60002 60003 60004 60005 60006 60007 60008',
      ],
      [
        'request',
        'the same',
        '60009 60010 60011 60014 60015 60016 60021 60022 60023 60024 60026 60029 60030',
      ],
      ['request', 'the same', '60031 60032 64003 64008'],
      ['request', 'only told to who orders', '51113 51410 51732 51733 51734 51763 51767 51773 51774'],
      ['request', 'only told to who moves money', '58001 58002 58101 58204 58213 59113 59260 59262'],
    ],
  },
  kraken: {
    judge: kraken,
    status: 200,
    body: (code) => ({ error: [code] }),
    otherwise: [
      [
        'request',
        'only told to who orders',
        'EOrder:Rate limit exceeded|EService:Market in cancel_only mode|EService:Market in post_only mode',
      ],
      ['request', 'of streams', 'ESession:Invalid session'],
    ],
  },
  krakenfutures: {
    judge: krakenfutures,
    status: 200,
    body: (code) => ({ result: 'error', error: code }),
    otherwise: [
      ['account', 'nothing can be read of it', 'accountInactive'],
      ['down', 'the exchange’s own error', 'Server Error'],
    ],
  },
  coinbase: {
    judge: coinbase,
    status: 400,
    body: (code) => ({ errors: [{ id: code, message: 'x' }] }),
    otherwise: [
      ['down', 'the exchange’s own error', 'internal_server_error'],
      [
        'account',
        'not the key: its owner has to prove who he is',
        'personal_details_required identity_verification_required jumio_verification_required ' +
          'jumio_face_match_verification_required unverified_email',
      ],
    ],
  },
  kucoin: {
    judge: kucoin,
    status: 400,
    body: (code) => ({ code, msg: 'x' }),
    codes: /^\d+$/,
    otherwise: [
      ['account', 'not the key: its owner has to prove who he is, or is barred', '130201 400303'],
      ['key', 'of a kind that is not served any more', '400008'],
      ['request', 'of parts that the account does not have', '101030 112010 126005 126047 126048 130302'],
    ],
  },
  bitget: {
    judge: bitget,
    status: 400,
    body: (code) => ({ code, msg: 'x', data: null }),
    codes: /^\d+$/,
    otherwise: [
      ['account', 'barred, or its owner has to prove who he is', '40013 40016'],
      ['down', 'took too long, the exchange’s own error', '40010 40015'],
      ['limited', 'so it says today', '30007'],
      [
        'request',
        'of releases that are called no more',
        '30001 30002 30003 30004 30005 30006 30008 30010 30011',
      ],
      ['request', 'the same', '30012 30013 30014 30015 30019 30022 30026 30027 30028 30029 30037 30038'],
      [
        'request',
        'the same',
        '32001 32002 32003 32028 32038 33001 33002 34001 34016 34017 34018 34019 34020',
      ],
      ['request', 'the same', '34023 35005 36101 36102 36103 36104 36105 36106 36107 36109 36201 36202'],
      ['request', 'the same', '50006 50007 50008 50009 40506 40507'],
      ['request', 'only told to who orders or moves money', '4010 40308 41114 43111 43115'],
    ],
  },
}

type Class = (new () => unknown) & { readonly name: string }

/** By what ccxt makes of it. */
function kindOfClass(given: Class): Kind {
  const names: string[] = []
  for (let each: Class | null = given; each?.name; each = Object.getPrototypeOf(each) as Class | null) {
    names.push(each.name)
  }
  const is = (...some: string[]): boolean => some.some((name) => names.includes(name))
  if (is('InvalidNonce')) return 'clock'
  if (is('RateLimitExceeded', 'DDoSProtection')) return 'limited'
  if (is('AccountSuspended', 'AccountNotEnabled')) return 'account'
  if (is('AuthenticationError')) return 'key'
  return is('NetworkError', 'OperationFailed') ? 'down' : 'request'
}

function failureOf(
  judge: Judge,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  isOwn = false,
) {
  try {
    judge(
      { status, headers, body: utf8(typeof body === 'string' ? body : JSON.stringify(body)) },
      nowMs,
      isOwn,
    )
  } catch (error) {
    if (error instanceof CollectorFailure) return error
    throw error
  }
  return null
}

const kinds: Readonly<Record<string, Kind>> = {
  EXCHANGE_KEY_REFUSED: 'key',
  EXCHANGE_ACCOUNT_REFUSED: 'account',
  EXCHANGE_UNREACHABLE: 'down',
  EXCHANGE_RATE_LIMITED: 'limited',
  EXCHANGE_BANNED: 'limited',
}

/** ccxt's tables, those of its parts among them: what each code means there. */
async function codesOf(id: string): Promise<ReadonlyMap<string, ReadonlySet<Kind>>> {
  const file = new URL(`./src/${id}.js`, import.meta.resolve('ccxt')).href
  const { default: Ccxt } = (await import(file)) as {
    default: new () => { exceptions: Readonly<Record<string, unknown>> }
  }
  const { exceptions } = new Ccxt()
  const found = new Map<string, Set<Kind>>()
  const take = (table: unknown): void => {
    for (const [code, each] of Object.entries((table ?? {}) as Readonly<Record<string, Class>>)) {
      found.set(code, (found.get(code) ?? new Set()).add(kindOfClass(each)))
    }
  }
  take(exceptions['exact'])
  for (const part of Object.values(exceptions)) take((part as { readonly exact?: unknown }).exact)
  return found
}

for (const [id, { judge, status, body, codes = /./, otherwise }] of Object.entries(exchanges)) {
  t.test(id, async (t) => {
    const all = [...(await codesOf(id))].filter(([code]) => codes.test(code))
    t.ok(all.length >= 20, `${all.length} codes`)
    const own = new Map(
      otherwise.flatMap(([kind, , list]) =>
        list
          .split(id === 'kraken' || id === 'krakenfutures' ? '|' : ' ')
          .map((code) => [code, kind] as const),
      ),
    )
    const known = new Set(all.map(([code]) => code))
    t.strictSame(
      [...own.keys()].filter((code) => !known.has(code)),
      [],
      'what means something else is in the table',
    )
    for (const [code, meant] of all) {
      const error = failureOf(judge, status, body(code))
      if (error === null) {
        t.fail(`${code} is no error`)
        continue
      }
      const { failure, retryable } = error
      const told = kinds[failure.code] ?? (retryable ? 'clock' : 'request')
      const expected = own.get(code)
      if (expected === undefined) t.ok(meant.has(told), `${code}: ${told}, not ${[...meant].join()}`)
      else
        t.ok(
          told === expected && !meant.has(told),
          `${code}: ${told}, as said beside ccxt's ${[...meant].join()}`,
        )
      // a key that is refused is one account's trouble; an exchange that is down everybody's
      if (told === 'key' || told === 'account') t.equal(failure.scope, 'session', code)
      if (told === 'down') t.equal(failure.scope, 'exchange', code)
      if (told === 'limited') t.ok((failure.retryAfterMs ?? 0) >= secondMs, `${code} says until when`)
    }
  })
}

t.test('how long to wait, as each says it', async (t) => {
  const until = String(nowMs + 7_000)
  const later = new Date(nowMs + 90_000).toUTCString()
  const limited: readonly (readonly [
    Judge,
    number,
    unknown,
    Record<string, string>,
    scope: string,
    ms: number,
  ])[] = [
    [binance, 429, { code: -1003 }, { 'retry-after': '12' }, 'exchange', 12_000],
    [binance, 429, { code: -1003 }, { 'retry-after': later, date }, 'exchange', 90_000],
    [binance, 429, { code: -1003 }, { 'retry-after': later }, 'exchange', 60_000],
    [binance, 418, { code: -1003, msg: `IP banned until ${until}.` }, {}, 'exchange', 7_000],
    [bybit, 200, { retCode: 10006 }, { 'x-bapi-limit-reset-timestamp': until, date }, 'session', 7_000],
    [
      bybit,
      200,
      { retCode: 10006 },
      { 'x-bapi-limit-reset-timestamp': String(nowMs), date },
      'session',
      1_000,
    ],
    [bybit, 200, { retCode: 10006 }, { 'x-bapi-limit-reset-timestamp': 'soon', date }, 'session', 5_000],
    [bybit, 403, '<html>', {}, 'exchange', 600_000],
    [okx, 429, { code: '50011', msg: '', data: [] }, {}, 'exchange', 2_000],
    [okx, 429, '<html>', { 'retry-after': '30' }, 'exchange', 30_000],
    [kucoin, 429, { code: '429000' }, { 'gw-ratelimit-reset': '8500' }, 'exchange', 8_500],
    [kucoin, 429, { code: '429000' }, { 'gw-ratelimit-reset': '-1' }, 'exchange', 30_000],
    [coinbase, 429, { error: 'rate_limit_exceeded' }, { 'x-ratelimit-reset': '4' }, 'exchange', 4_000],
    [coinbase, 429, '<html>', {}, 'exchange', 60_000],
    [bitget, 429, { code: '429', data: null }, {}, 'session', 1_000],
    [bitget, 429, '', { 'retry-after': '3' }, 'exchange', 3_000],
    [kraken, 200, { error: [`EService:Throttled: ${(nowMs + 9_000) / 1_000}`] }, {}, 'exchange', 9_000],
    [kraken, 200, { error: ['EAPI:Rate limit exceeded'] }, {}, 'session', 15_000],
    [kraken, 200, { error: ['EGeneral:Temporary lockout'] }, {}, 'session', 900_000],
    [krakenfutures, 200, { result: 'error', error: 'apiLimitExceeded' }, {}, 'session', 10_000],
    [hyperliquid, 429, 'null', {}, 'exchange', 60_000],
    [hyperliquid, 429, '', { 'retry-after': '5' }, 'exchange', 5_000],
    [
      generic,
      429,
      '{}',
      { 'x-gate-ratelimit-reset-timestamp': String((nowMs + 3_000) / 1_000), date },
      'exchange',
      3_000,
    ],
    [generic, 429, '{}', { 'retry-after': '99999999' }, 'exchange', 86_400_000],
  ]
  for (const [judge, status, body, headers, scope, retryAfterMs] of limited) {
    const { failure } = failureOf(judge, status, body, headers) ?? {}
    t.match(failure, { scope, retryAfterMs }, JSON.stringify([status, body, headers]))
  }
  // of what is counted by account the others are not concerned
  for (const [judge, status, body] of [
    [okx, 429, { code: '50011', msg: '', data: [] }],
    [kucoin, 429, { code: '429000' }],
    [coinbase, 429, { error: 'rate_limit_exceeded' }],
  ] as const) {
    t.match(failureOf(judge, status, body, {}, true), { failure: { scope: 'session' } })
  }
  t.match(failureOf(kucoin, 429, { code: '1015' }, {}, true), { failure: { scope: 'exchange' } })
})
