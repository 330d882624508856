import { hourMs, parseContract, parseJson, fromBase64, signedBytes, verifySignature } from '@perf-agg/sdk'
import fc from 'fast-check'
import t from 'tap'
import type { Origin } from '../../src/accounting/hour/hour.ts'
import { minimalBody } from '../../src/statement/minimal.ts'
import { periodsOf } from '../../src/statement/period.ts'
import { hour, issuer, nowMs, subject, testSigner } from './fixture.ts'

t.test('closed hours are cut where an hour is missing, the origin changes or a day is full', async () => {
  const origin = fc.constantFrom<Origin>('observed', 'recovered')
  const steps = fc.array(fc.tuple(fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 2), origin), { maxLength: 80 })
  fc.assert(
    fc.property(steps, (each) => {
      let at = 0
      const hours = each.map(([step, from]) => hour((at += step), { origin: from }))
      const periods = periodsOf(hours)
      const whole = periods.every((period) =>
        period.every((one, index) => {
          const before = period[index - 1]
          return (
            before === undefined || (before.origin === one.origin && before.startMs + hourMs === one.startMs)
          )
        }),
      )
      const sizes = periods.every((period) => period.length >= 1 && period.length <= 24)
      // no cut that was not needed
      const needed = periods.slice(1).every((period, index) => {
        const [last, next] = [periods[index]!.at(-1)!, period[0]!]
        const meets = last.origin === next.origin && last.startMs + hourMs === next.startMs
        return !meets || periods[index]!.length === 24
      })
      return whole && sizes && needed && JSON.stringify(flat(periods)) === JSON.stringify(flat([hours]))
    }),
  )
})

function flat(periods: ReturnType<typeof periodsOf>): number[] {
  return periods.flat().map((each) => each.startMs)
}

t.test('the minimal form has the contract’s fields of the stored statement, signed anew', async (t) => {
  const signer = testSigner(3)
  const head = { sequence: 0, digest: null }
  const stored = await issuer().issue(subject, head, { type: 'period', hours: [hour(0), hour(1)] }, nowMs)
  const minimal = (await minimalBody(stored.body, signer))!
  const contract = parseContract(parseJson(minimal))
  t.strictSame(Object.keys(JSON.parse(Buffer.from(minimal).toString())), [
    'client_id',
    'connector_version',
    'exchange',
    'hourly_buckets',
    'period_end',
    'period_start',
    'signature',
    'totals',
  ])
  t.equal(contract.totals.volume_quote, 100_000.2)
  t.ok(await verifySignature(signer.publicKey, signedBytes(contract), fromBase64(contract.signature)))
  const sandbox = { ...subject, source: { ...subject.source, environment: 'sandbox' as const } }
  for (const each of [
    await issuer().issue(sandbox, head, { type: 'period', hours: [hour(0)] }, nowMs),
    await issuer().issue(subject, head, { type: 'registered', atMs: nowMs }, nowMs),
    await issuer().issue(subject, head, { type: 'closed', atMs: nowMs, reason: 'expired' }, nowMs),
  ]) {
    t.equal(await minimalBody(each.body, signer), null, 'has no minimal form')
  }
})
