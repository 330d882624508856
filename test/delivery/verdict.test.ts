import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBase64, utf8, verifySignature } from '@perf-agg/sdk'
import fc from 'fast-check'
import t from 'tap'
import { judge, pauseMs, readRetryAfter } from '../../src/delivery/verdict.ts'
import { webhookHeaders } from '../../src/delivery/webhook.ts'
import { webhookKey } from './fixture.ts'

const digest = `sha256:${'a'.repeat(64)}`
const other = `sha256:${'b'.repeat(64)}`
const nowMs = Date.UTC(2026, 10, 23)

const expected = (status: number): string => {
  if (status < 300 || status === 409) return 'delivered'
  if (status < 400 || status >= 500) return 'failed'
  return [408, 425, 429].includes(status) ? 'failed' : 'parked'
}

t.test('every status has its verdict', async (t) => {
  for (let status = 200; status < 600; status += 1) {
    const { kind } = judge({ status, retryAfter: null, text: '' }, digest, nowMs)
    if (kind !== expected(status)) t.fail(`${status} is ${kind}`)
  }
  t.match(judge({ status: null, code: 'ECONNREFUSED' }, digest, nowMs), {
    kind: 'failed',
    code: 'ECONNREFUSED',
  })
})

t.test('a 409 about another statement is no duplicate', async (t) => {
  const of = (text: string) => judge({ status: 409, retryAfter: null, text }, digest, nowMs)
  t.match(of(`{"have":"${digest}"}`), { kind: 'delivered', code: '409' })
  t.match(of(`{"have":"${other}","got":"${digest}"}`), { kind: 'delivered' })
  t.match(of('already there'), { kind: 'delivered' })
  t.match(of(`{"have":"${other}"}`), { kind: 'parked', code: '409_OTHER_DIGEST' })
})

t.test('Retry-After in seconds and as a date, capped', async (t) => {
  const cases: [string | null, number | null][] = [
    [null, null],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['0', null],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['2026-11-23T00:01:00Z', null],
    ['Mon, 23 Nov 2026 00:02:00 GMT', 120_000],
    ['Sun, 22 Nov 2026 23:00:00 GMT', null],
    ['Mon, 99 Foo 2026 00:02:00 GMT', null],
    ['9999999999', 36_000_000],
    ['99999999999999', null],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 36_000_000],
  ]
  for (const [value, waitMs] of cases) t.equal(readRetryAfter(value, nowMs), waitMs, String(value))
})

t.test('pauses grow from 5 s to 10 h, and never meet', async (t) => {
  t.equal(pauseMs(1, 0), 10_000)
  t.equal(pauseMs(1, 0.999_999), 5_000)
  t.equal(pauseMs(40, 0), 36_000_000)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, random) => {
        const pause = pauseMs(n, random)
        return pause >= 5_000 && pause <= 36_000_000 && pauseMs(n + 1, random) >= pause
      },
    ),
  )
})

t.test('headers of Standard Webhooks', async (t) => {
  const body = utf8('{"test": 2432232314}')
  const headers = await webhookHeaders(webhookKey, { id: digest, atMs: 1_614_265_330_999, body })
  t.match(headers, { 'webhook-id': digest, 'webhook-timestamp': '1614265330' })
  const [version, signature] = headers['webhook-signature']!.split(',')
  t.equal(version, 'v1a')
  const signed = utf8(`${digest}.1614265330.{"test": 2432232314}`)
  t.ok(await verifySignature(webhookKey.publicKey, signed, fromBase64(signature!)))
  await t.rejects(webhookHeaders(webhookKey, { id: 'a.b', atMs: 0, body }), { name: 'RangeError' })
})

t.test('what is signed is what the specification’s own vectors sign', async (t) => {
  const path = join(import.meta.dirname, '../../../shared/reference/vectors/standard-webhooks/vectors.json')
  if (!existsSync(path)) return t.plan(0, 'the reference vectors are not here')
  const { createHmac } = await import('node:crypto')
  const { sign } = JSON.parse(readFileSync(path, 'utf8')) as {
    sign: { secret: string; id: string; timestamp: number; payload: string; signature: string }[]
  }
  for (const vector of sign) {
    let signed = Buffer.alloc(0)
    const listener = {
      sign: (message: Uint8Array) => {
        signed = Buffer.from(message)
        return new Uint8Array(64)
      },
    }
    await webhookHeaders(listener, {
      id: vector.id,
      atMs: vector.timestamp * 1_000,
      body: utf8(vector.payload),
    })
    const secret = Buffer.from(vector.secret.replace('whsec_', ''), 'base64')
    t.equal(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`, vector.signature)
  }
})
