import { utf8 } from '@perf-agg/sdk'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  type Collectors,
  type CollectorsOptions,
  startCollectors,
} from '../../src/daemon/collecting/collectors.ts'
import { childrenOf, runningOf } from '../e2e/processes.ts'
import { type HostileServer, startServer } from '../egress/hostile-server.ts'

const nowMs = Date.UTC(2026, 0, 5, 12)
const source = { exchange: 'binance', sandbox: false, marketTypes: ['spot'] as const }
const secret = 'a-secret-that-must-not-be-seen-anywhere'

interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text as it stands, or what becomes JSON. */
  readonly body: unknown
  /** No answer ever comes. */
  hangs?: true
}

const usual: Readonly<Record<string, unknown>> = {
  '/api/v3/time': { serverTime: nowMs },
  '/api/v3/exchangeInfo': {
    symbols: [{ symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' }],
  },
  '/api/v3/account': {
    uid: 354937868,
    updateTime: nowMs,
    balances: [{ asset: 'USDT', free: '1.5', locked: '0' }],
  },
  '/api/v3/myTrades': [],
  '/sapi/v1/account/apiRestrictions': {
    enableReading: true,
    ...Object.fromEntries(
      [
        'enableWithdrawals',
        'enableInternalTransfer',
        'permitsUniversalTransfer',
        'enableSpotAndMarginTrading',
        'enableMargin',
        'enableFutures',
        'enableVanillaOptions',
        'enablePortfolioMarginTrading',
      ].map((name) => [name, false]),
    ),
  },
  '/sapi/v1/capital/deposit/hisrec': [],
  '/sapi/v1/capital/withdraw/history': [],
  '/sapi/v1/asset/dribblet': { total: 0, userAssetDribblets: [] },
  '/sapi/v1/convert/tradeFlow': { list: [] },
  '/sapi/v1/asset/assetDividend': { rows: [], total: 0 },
  '/sapi/v1/asset/transfer': { rows: [], total: 0 },
}

class Stage {
  readonly server: HostileServer
  readonly collectors: Collectors
  readonly logged: string[]
  readonly answers: Map<string, Answer | (() => Answer | null)>
  readonly clock: { atMs: number }

  constructor(
    server: HostileServer,
    collectors: Collectors,
    rest: Pick<Stage, 'logged' | 'answers' | 'clock'>,
  ) {
    this.server = server
    this.collectors = collectors
    this.logged = rest.logged
    this.answers = rest.answers
    this.clock = rest.clock
  }

  poll(sinceMs = nowMs) {
    const credentials = utf8(JSON.stringify({ api_key: 'key', secret }))
    const rest = { cursor: null, previousAnchor: null, apiIntervalMs: 60_000, maxRetries: 2, sweep: false }
    return this.collectors.poll({ source, credentials, sinceMs, ...rest })
  }

  check() {
    return this.collectors.check({ source, credentials: utf8(JSON.stringify({ api_key: 'key', secret })) })
  }

  asked(path: string): number {
    return this.server.paths.filter((each) => each.startsWith(path)).length
  }
}

async function stage(t: Test, options: Partial<CollectorsOptions> = {}): Promise<Stage> {
  const answers: Stage['answers'] = new Map()
  const logged: string[] = []
  const clock = { atMs: nowMs }
  const server = await startServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://here').pathname
    const given = answers.get(path)
    if (typeof given === 'object' && given.hangs === true) return
    const answer = (typeof given === 'function' ? given() : given) ?? { body: usual[path] }
    if (answer.body === undefined) {
      response.statusCode = 404
      return response.end('<html>not here</html>')
    }
    response.writeHead(answer.status ?? 200, { ...answer.headers })
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
  })
  const collectors = await startCollectors({
    clock: { nowMs: () => clock.atMs, frozen: true },
    exchanges: { binance: { base_url: `${server.url}/some/path` } },
    log: (...entry) => logged.push(JSON.stringify(entry)),
    ...options,
  })
  t.teardown(async () => {
    await collectors.close()
    await server.close()
  })
  return new Stage(server, collectors, { answers, logged, clock })
}

/** Our children, by their parent. */
function children(): number[] {
  const all = childrenOf(process.pid)
  return ['collector', 'egress'].flatMap((role) => runningOf(all, role))
}

async function failure(
  t: Test,
  work: Promise<{ kind: string }>,
  code: string,
  more: object = {},
): Promise<void> {
  t.match(await work, { kind: 'failed', code, ...more }, code)
}

t.test('polls, checks, and says where from', async (t) => {
  const stageOf = await stage(t)
  const checked = await stageOf.check()
  t.match(checked, {
    kind: 'checked',
    permissions: 'read-only',
    accountId: '354937868',
    origin: { environment: 'simulated', host: new URL(stageOf.server.url).host, collector: /^ccxt \d/ },
  })
  const polled = await stageOf.poll()
  t.match(polled, {
    kind: 'observed',
    observation: { complete: true, anchor: { atMs: nowMs, balances: [{ asset: 'USDT', amount: '1.5' }] } },
  })
  t.ok(
    stageOf.server.paths.every((path) => /^\/(api\/v3|sapi\/v1)\//.test(path)),
    'base_url keeps the paths',
  )
})

t.test('a pair that is killed fails its job and the next one is fresh', async (t) => {
  const stageOf = await stage(t)
  await stageOf.check()
  for (const which of [0, 1]) {
    const pids = children()
    t.equal(pids.length, 2)
    let killed = false
    stageOf.answers.set('/api/v3/account', () => {
      const pid = pids[which]
      if (!killed && pid !== undefined) process.kill(pid, 'SIGKILL')
      killed = true
      return null
    })
    await failure(t, stageOf.poll(), 'COLLECTOR_DIED', { scope: 'collector' })
    t.match(await stageOf.poll(), { kind: 'observed' })
    t.notOk(
      children().some((pid) => pids.includes(pid)),
      'both are new',
    )
  }
  t.ok(stageOf.collectors.stats().died >= 2)
})

t.test('pairs are replaced regularly, and nobody notices', async (t) => {
  const stageOf = await stage(t, { replaceAfterJobs: 1 })
  const polls = await Promise.all([stageOf.poll(), stageOf.poll(), stageOf.poll()])
  t.ok(polls.every(({ kind }) => kind === 'observed'))
  t.ok(stageOf.collectors.stats().replaced >= 2)
})

t.test('two pairs work at the same time', async (t) => {
  const stageOf = await stage(t, { pairs: 2 })
  const polls = await Promise.all(Array.from({ length: 6 }, () => stageOf.poll()))
  t.ok(polls.every(({ kind }) => kind === 'observed'))
  t.equal(stageOf.collectors.stats().pairs, 2)
})

t.test('a ban ends what another pair is asking there', async (t) => {
  const stageOf = await stage(t, { pairs: 2 })
  stageOf.answers.set('/api/v3/exchangeInfo', { body: '', hangs: true })
  stageOf.answers.set('/api/v3/account', {
    status: 418,
    headers: { 'retry-after': '120' },
    body: { code: -1003, msg: 'banned' },
  })
  const asking = t.rejects(stageOf.collectors.markets({ source }), { code: 'EXCHANGE_BANNED' })
  while (stageOf.asked('/api/v3/exchangeInfo') === 0) await setTimeout(20)
  await failure(t, stageOf.check(), 'EXCHANGE_BANNED', { scope: 'exchange', retryAfterMs: 120_000 })
  await asking
})

t.test('a ban closes the exchange for everybody until it is over', async (t) => {
  const stageOf = await stage(t)
  stageOf.answers.set('/api/v3/account', {
    status: 418,
    headers: { 'retry-after': '120' },
    body: { code: -1003, msg: 'banned' },
  })
  await failure(t, stageOf.poll(), 'EXCHANGE_BANNED', {
    scope: 'exchange',
    retryAfterMs: 120_000,
    exchangeCode: '-1003',
  })
  const before = stageOf.server.paths.length
  stageOf.clock.atMs += 60_000
  await failure(t, stageOf.check(), 'EXCHANGE_BANNED', { scope: 'exchange', retryAfterMs: 60_000 })
  await t.rejects(stageOf.collectors.markets({ source }), { code: 'EXCHANGE_BANNED' })
  t.equal(stageOf.server.paths.length, before, 'nothing was asked')
  t.equal(stageOf.collectors.stats().exchanges['binance']?.closedUntilMs, nowMs + 120_000)
  stageOf.answers.clear()
  stageOf.clock.atMs = nowMs + 120_000
  t.match(await stageOf.check(), { kind: 'checked' })
})

t.test('429 is obeyed and not retried', async (t) => {
  const stageOf = await stage(t)
  stageOf.answers.set('/api/v3/account', {
    status: 429,
    headers: { 'retry-after': '30' },
    body: { code: -1003, msg: '' },
  })
  await failure(t, stageOf.poll(), 'EXCHANGE_RATE_LIMITED', { scope: 'exchange', retryAfterMs: 30_000 })
  t.equal(stageOf.asked('/api/v3/account'), 1)
})

t.test('a spent budget is our own limit, and closes nothing', async (t) => {
  const stageOf = await stage(t)
  stageOf.answers.set('/api/v3/time', {
    headers: { 'x-mbx-used-weight-1m': '5950' },
    body: { serverTime: nowMs },
  })
  await failure(t, stageOf.poll(), 'EXCHANGE_RATE_LIMITED', {
    scope: 'exchange',
    exchangeCode: null,
    retryAfterMs: 60_000,
  })
  t.equal(stageOf.collectors.stats().exchanges['binance']?.closedUntilMs, null)
})

t.test('what may pass is retried as often as allowed', async (t) => {
  const stageOf = await stage(t)
  for (const [answer, code] of [
    [{ status: 502, body: '<html>bad gateway</html>' }, 'EXCHANGE_UNREACHABLE'],
    [{ body: '<html>maintenance</html>' }, 'EXCHANGE_ANSWER_INVALID'],
    [{ body: '{"uid":354937868,"balances":[{"asset":"USD' }, 'EXCHANGE_ANSWER_INVALID'],
    [{ status: 503, body: { code: -1000, msg: 'An unknown error' } }, 'EXCHANGE_UNREACHABLE'],
    [{ status: 400, body: { code: -1021, msg: 'Timestamp' } }, 'EXCHANGE_REQUEST_REFUSED'],
  ] as const) {
    stageOf.server.paths.length = 0
    stageOf.answers.set('/api/v3/account', answer)
    await failure(t, stageOf.poll(), code)
    t.equal(stageOf.asked('/api/v3/account'), 3, 'once, and two retries')
    let left = 2
    stageOf.answers.set('/api/v3/account', () => ((left -= 1) >= 0 ? answer : null))
    t.match(await stageOf.poll(), { kind: 'observed' }, 'and passes with the last')
  }
})

t.test('a refused key is not retried', async (t) => {
  const stageOf = await stage(t)
  for (const code of [-2015, -2014, -1022]) {
    stageOf.server.paths.length = 0
    stageOf.answers.set('/api/v3/account', { status: 401, body: { code, msg: 'Invalid API-key' } })
    await failure(t, stageOf.check(), 'EXCHANGE_KEY_REFUSED', {
      scope: 'session',
      exchangeCode: String(code),
    })
    t.equal(stageOf.asked('/api/v3/account'), 1)
  }
})

t.test('hostile numbers quarantine the whole answer', async (t) => {
  const stageOf = await stage(t)
  const account = (balances: unknown, more: object = {}) => ({
    body: { uid: 1, updateTime: nowMs, balances, ...more },
  })
  const raw = (text: string) => ({ body: `{"uid":1,"updateTime":${nowMs},"balances":${text}}` })
  for (const [name, answer] of [
    ['negative', account([{ asset: 'USDT', free: '-1', locked: '0' }])],
    ['NaN', account([{ asset: 'USDT', free: 'NaN', locked: '0' }])],
    ['exponent', account([{ asset: 'USDT', free: '1e999', locked: '0' }])],
    ['too large a number', raw('[{"asset":"USDT","free":1e999,"locked":"0"}]')],
    ['a key twice', raw('[{"asset":"USDT","free":"1","free":"2","locked":"0"}]')],
    ['too deep', raw('['.repeat(100) + ']'.repeat(100))],
    ['no list', account('none')],
    ['a line break in a name', account([{ asset: 'US\nDT', free: '1', locked: '0' }])],
    ['no uid', { body: { balances: [], updateTime: nowMs } }],
  ] as const) {
    stageOf.answers.set('/api/v3/account', answer)
    t.match(await stageOf.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, name)
  }
  stageOf.answers.clear()
  const fill = {
    symbol: 'BTCUSDT',
    id: 1,
    price: '1',
    qty: '1',
    quoteQty: '1',
    commission: '0',
    time: nowMs,
    isBuyer: true,
  }
  stageOf.answers.set('/sapi/v1/capital/deposit/hisrec', {
    body: [{ id: 'd', coin: 'USDT', amount: '1', status: 1, insertTime: Date.UTC(5138, 0), walletType: 0 }],
  })
  t.match(await stageOf.poll(), { kind: 'failed', code: 'EXCHANGE_ANSWER_INVALID' }, 'the year 5138')
  stageOf.answers.clear()
  t.match(await stageOf.poll(), { kind: 'observed' })
  t.ok(fill)
})

t.test("permissions come from the exchange's own bytes", async (t) => {
  const stageOf = await stage(t)
  const flags = usual['/sapi/v1/account/apiRestrictions'] as Record<string, boolean>
  const path = '/sapi/v1/account/apiRestrictions'
  stageOf.answers.set(path, { body: { ...flags, enableWithdrawals: true } })
  t.match(await stageOf.check(), { permissions: 'withdraw', excess: ['enableWithdrawals'] })
  stageOf.answers.set(path, { body: { ...flags, enableFutures: true } })
  t.match(await stageOf.check(), { permissions: 'trade', excess: ['enableFutures'] })
  stageOf.answers.set(path, { body: { ...flags, enableMargin: undefined } })
  t.match(await stageOf.check(), { permissions: 'trade', excess: ['enableMargin?'] })
  stageOf.answers.set(path, { status: 404, body: 'nothing here' })
  t.match(await stageOf.check(), { permissions: 'unverified' })
})

t.test('what is not supported is said before anything is asked', async (t) => {
  const stageOf = await stage(t)
  const credentials = utf8('{}')
  for (const other of [
    { ...source, exchange: 'constructor' },
    { ...source, exchange: 'coinbase-international' },
  ]) {
    t.match(await stageOf.collectors.check({ source: other, credentials }), {
      code: 'EXCHANGE_NOT_SUPPORTED',
    })
  }
  // the adapter knows what it can watch
  const other = { ...source, marketTypes: ['option'] as unknown as readonly ['linear'] }
  t.match(await stageOf.collectors.check({ source: other, credentials }), { kind: 'failed' })
  t.equal(stageOf.server.paths.length, 0)
})

t.test('the secret is never in what comes out', async (t) => {
  const stageOf = await stage(t)
  stageOf.answers.set('/api/v3/account', { status: 400, body: { code: -1102, msg: secret } })
  const outcomes = [await stageOf.poll(), await stageOf.check()]
  stageOf.answers.set('/api/v3/account', { body: `{"uid": "${secret} ${secret}", "balances": []}` })
  outcomes.push(await stageOf.poll())
  t.notOk(JSON.stringify([outcomes, stageOf.logged, stageOf.collectors.stats()]).includes(secret))
  t.notOk(
    stageOf.server.paths.some((path) => path.includes(secret)),
    'it only signs',
  )
})

t.test('closing ends what runs and waits, and all children', async (t) => {
  const stageOf = await stage(t)
  await stageOf.check()
  const pids = children()
  stageOf.answers.set('/api/v3/account', () => {
    void stageOf.collectors.close()
    return null
  })
  const outcomes = await Promise.all([stageOf.poll(), stageOf.poll()])
  t.strictSame(
    outcomes.map((outcome) => (outcome.kind === 'failed' ? outcome.code : '')),
    ['COLLECTOR_CLOSED', 'COLLECTOR_CLOSED'],
  )
  await stageOf.collectors.close()
  t.notOk(children().some((pid) => pids.includes(pid)))
  await failure(t, stageOf.poll(), 'COLLECTOR_CLOSED')
})
