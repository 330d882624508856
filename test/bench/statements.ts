import { ok } from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { canonicalize, parseJson, parseStatement, verifySignature } from '@perf-agg/sdk'
import type { Hour } from '../../src/accounting/hour/hour.ts'
import { signerOf } from '../../src/enclave/signer.ts'
import { hour, issuer, nowMs, subject } from '../statement/fixture.ts'
import { ratesAtOnce } from './rate.ts'
import type { Bench } from './row.ts'

/** A day of hours as a signed link of its chain, against the signature alone. */
export const statements: Bench = {
  name: 'signed statements',
  run: async (quick) => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const signer = signerOf(privateKey)
    const made = issuer({ signer })
    const hours: Hour[] = Array.from({ length: 24 }, (_, index) =>
      hour(index, { returnPct: (index * 37 - 400) / 1_234 }),
    )
    const head = { sequence: 6, digest: `sha256:${'1'.repeat(64)}` }
    const claim = { type: 'period', hours } as const
    const issue = () => made.issue(subject, head, claim, nowMs)
    const { body } = await issue()
    const statement = parseStatement(parseJson(body))
    const { signature, ...unsigned } = statement
    const message = Buffer.from(canonicalize(unsigned))
    ok(await verifySignature(signer.publicKey, message, Buffer.from(signature, 'base64')), 'a true signature')
    const general = async () => {
      const bytes = Buffer.from(canonicalize(unsigned))
      return canonicalize({ ...unsigned, signature: sign(null, bytes, privateKey).toString('base64') })
    }
    const [own, bare, plain] = await ratesAtOnce(
      [issue, () => sign(null, message, privateKey), general],
      quick ? 64 : 3_200,
      quick ? 1 : 7,
      64,
    )
    return [
      {
        name: `statement of 24 hours (${(body.length / 1e3).toFixed(1)} kB) signed, 64 at once`,
        value: own! / 1e3,
        unit: 'k/s',
        limit: { name: 'node:crypto Ed25519 alone', value: bare! / 1e3 },
        goal: '≥ 85 % of the signature alone',
        reached: own! >= 0.85 * bare!,
      },
      {
        name: 'the same by the general canonical form, twice',
        value: plain! / 1e3,
        unit: 'k/s',
        limit: { name: 'node:crypto Ed25519 alone', value: bare! / 1e3 },
        goal: 'to compare with',
        reached: null,
      },
    ]
  },
}
