import t from 'tap'
import {
  canonicalBytes,
  parseJson,
  parseMetricsView,
  parseReceipt,
  parseSummaryView,
  verifyView,
} from '../../sdk/index.ts'
import { FakeEnclave } from './enclave-fixture.ts'

const enclave = await FakeEnclave.make()
const nonce = 'A'.repeat(43)
const { publicKey } = enclave.sigKey

t.test('takes what was answered, and it holds', async (t) => {
  const metrics = parseMetricsView(
    parseJson(canonicalBytes(await enclave.view('perf-agg/metrics/v1', nonce))),
  )
  t.equal(await verifyView(metrics, publicKey), true)
  t.equal(await verifyView({ ...metrics, status: 'degraded' }, publicKey), false)
  t.equal(await verifyView(metrics, (await FakeEnclave.make()).sigKey.publicKey), false)
  const summary = parseSummaryView(await enclave.view('perf-agg/summary/v1', nonce))
  t.equal(await verifyView(summary, publicKey), true)
  t.ok(
    parseMetricsView(
      await enclave.view('perf-agg/metrics/v1', nonce, {
        account: null,
        request_nonce: null,
        status: 'pending',
      }),
    ),
  )
})

t.test('refuses by the path', async (t) => {
  const refused: readonly (readonly [object, RegExp])[] = [
    [{ schema: 'perf-agg/metrics/v2' }, /schema/],
    [{ extra: 1 }, /unknown member extra/],
    [{ status: 'fine' }, /status/],
    [{ environment: 'prod' }, /environment/],
    [{ as_of: 'now' }, /as_of/],
    [{ portfolio: { 'twr pct': 1 } }, /portfolio must be named/],
    [{ portfolio: { twr_pct: '1' } }, /portfolio\.twr_pct/],
    [{ reasons: { sharpe: 1 } }, /reasons\.sharpe/],
    [{ coverage: {} }, /coverage\.hours_expected is missing/],
    [{ totals: {} }, /totals\.trades is missing/],
    [{ hourly_buckets: [{}] }, /hourly_buckets\[0\]\.t is missing/],
    [{ symbols: [{ symbol: '' }] }, /symbols\[0\]/],
    [{ income_usd: { funding: null } }, /income_usd\.funding/],
    [
      { benchmark: { symbol: 'BTC/USDT', figures: { beta: 'high' }, reasons: {} } },
      /benchmark\.figures\.beta/,
    ],
    [{ composite: { accounts: [] } }, /composite\.as_of is missing/],
    [{ trading: { figures: {} } }, /trading\.reasons is missing/],
    [{ trading: { figures: { fills: '1' }, reasons: {} } }, /trading\.figures\.fills/],
    [{ key_id: 'x' }, /key_id/],
  ]
  for (const [change, message] of refused) {
    const view = await enclave.view('perf-agg/metrics/v1', nonce, change)
    t.throws(() => parseMetricsView(view), { code: 'INPUT_INVALID', message }, JSON.stringify(change))
  }
})

t.test('a summary shows no symbol', async (t) => {
  const view = await enclave.view('perf-agg/summary/v1', nonce, { symbols: [] })
  t.throws(() => parseSummaryView(view), { message: /unknown member symbols/ })
})

t.test('a receipt', async (t) => {
  const receipt = await enclave.sign({
    session_id: 's'.repeat(22),
    view_id: 'v'.repeat(22),
    status: 'pending',
    expires_at: '2026-11-24T01:20:00.000Z',
    account: null,
    permissions: 'unverified',
    ownership: 'unproven',
    box_digest: `sha256:${'00'.repeat(32)}`,
  })
  t.equal(await verifyView(parseReceipt(receipt), publicKey), true)
  t.throws(() => parseReceipt({ ...receipt, session_id: 'short' }), { message: /session_id/ })
  t.throws(() => parseReceipt({ ...receipt, status: 'done' }), { message: /status/ })
  t.throws(() => parseReceipt({ ...receipt, more: 1 }), { message: /unknown member more/ })
})
