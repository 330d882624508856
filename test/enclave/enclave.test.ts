import fc from 'fast-check'
import t from 'tap'
import {
  appraise,
  canonicalBytes,
  claimsBytesOf,
  claimsDigestOf,
  dayMs,
  minuteMs,
  newNonce,
  parseClaims,
  parseQuote,
  publicKeyOf,
  sealBox,
  thumbprint,
  toBase64url,
  utf8,
  verifySignature,
  type Claims,
  type Quote,
} from '@perf-agg/sdk'
import { claimsBytes, claimsShown, frameOf } from '../../src/enclave/claims.ts'
import { findAttester } from '../../src/enclave/detection.ts'
import { openEnclave, type Enclave } from '../../src/enclave/enclave.ts'
import { newSigner } from '../../src/enclave/signer.ts'

const startMs = 1_795_000_000_500
const config = { exchanges: { binance: { baseUrl: null } }, trick: '"iat":0', nested: { iat: 0 } }

async function newEnclave(t: { teardown: (end: () => void) => void }, mounted = false): Promise<Enclave> {
  const enclave = await openEnclave({
    attester: await findAttester({ tee: 'auto', insecureSimulated: true }),
    mountedSigner: mounted ? newSigner() : null,
    config,
    software: { name: 'perf-agg', version: '0.2.0' },
    logOrigin: 'perf-agg.example/log',
    pseudonymEpoch: 'epoch-"iat":0',
    nowMs: startMs,
  })
  t.teardown(() => enclave.close())
  return enclave
}

function claimsOf(quote: Quote): Claims {
  return parseClaims(claimsBytesOf(quote))
}

t.test('its quote is what a client appraises', async (t) => {
  const enclave = await newEnclave(t)
  const nonce = newNonce()
  const quote = parseQuote(JSON.parse(JSON.stringify(await enclave.quote(nonce, startMs + 7_000))))
  const appraisal = await appraise(quote, {
    nonce,
    nowMs: startMs + 9_000,
    policy: null,
    insecureSimulated: true,
  })
  t.same(
    appraisal.steps.filter(({ status }) => status !== 'affirming').map(({ code }) => code),
    ['TEE_SIMULATED'],
    'nothing but its being simulated is wrong',
  )
  const claims = claimsOf(quote)
  t.same(
    canonicalBytes(JSON.parse(new TextDecoder().decode(claimsBytesOf(quote)))),
    claimsBytesOf(quote),
    'canonical',
  )
  t.equal(claims.iat, Math.floor((startMs + 7_000) / 1_000))
  t.equal(claims.eat_nonce, nonce)
  t.same(claims.config, config)
  t.equal(claims.mounted_key, null)
  t.same(publicKeyOf(claims.sig_key), enclave.signer.publicKey)
  t.same(publicKeyOf(claims.webhook_key), enclave.webhookSigner.publicKey)
  t.match(claims.log?.vkey, /^perf-agg\.example\/log\+[0-9a-f]{8}\+A[A-Za-z0-9+/]{43}$/)
  const keys = [
    claims.sig_key.x,
    claims.webhook_key.x,
    claims.enc_key.x,
    toBase64url(enclave.logSigner.publicKey),
  ]
  t.equal(new Set(keys).size, 4, 'one key, one use')
  t.equal(claimsOf(await enclave.quote(null, startMs)).eat_nonce, null)

  const other = await appraise(quote, {
    nonce: newNonce(),
    nowMs: startMs + 9_000,
    policy: null,
    insecureSimulated: true,
  })
  t.equal(other.status, 'contraindicated', 'not for another question')
  const forged = { ...quote, claims: toBase64url(canonicalBytes({ ...claims, iat: claims.iat + 1 })) }
  const altered = await appraise(forged, {
    nonce,
    nowMs: startMs + 9_000,
    policy: null,
    insecureSimulated: true,
  })
  t.ok(altered.steps.some(({ code }) => code === 'REPORT_DATA_MISMATCH'))
})

t.test('each start has keys of its own, and a mounted key is shown', async (t) => {
  const [one, two] = [await newEnclave(t), await newEnclave(t, true)]
  t.not(one.signer.keyId, two.signer.keyId)
  t.equal(one.signer.keyId, await thumbprint(one.signer.publicKey))
  const claims = claimsOf(await two.quote(null, startMs))
  t.same(claims.mounted_key, two.mountedSigner?.jwk)
  const message = utf8('message')
  t.ok(await verifySignature(two.signer.publicKey, message, await two.signer.sign(message)))
})

t.test('a submission must name claims of the last six minutes', async (t) => {
  const enclave = await newEnclave(t)
  const nonce = newNonce()
  const quote = await enclave.quote(nonce, startMs)
  const claimsDigest = await claimsDigestOf(quote)
  const sealed = await sealBox(publicKeyOf(claimsOf(quote).enc_key), utf8('content'))
  const box = await enclave.openBox(sealed, startMs)
  t.same(box?.plaintext, utf8('content'))
  if (box === null) return
  const shown = (afterMs: number, change: { claimsDigest?: string; nonce?: string } = {}): boolean =>
    enclave.checkSubmission(box, { claimsDigest, nonce, ...change }, startMs + afterMs)
  t.ok(shown(0))
  t.ok(shown(359_499))
  t.notOk(shown(359_500), 'the second has gone by')
  t.notOk(shown(-1_000), 'not before it was made')
  t.notOk(shown(0, { nonce: newNonce() }))
  t.notOk(shown(0, { claimsDigest: `sha256:${'0'.repeat(64)}` }))
  t.notOk(shown(0, { claimsDigest: claimsDigest.toUpperCase() }))
  t.notOk(shown(0, { claimsDigest: '' }))
  const other = await newEnclave(t)
  t.notOk(other.checkSubmission(box, { claimsDigest, nonce }, startMs), "another enclave's claims")
})

t.test('the claims of any second are those of the whole canonical form', async (t) => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } as const
  const boxKey = { kty: 'OKP', crv: 'X25519', x: 'B'.repeat(43) } as const
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })),
      fc.string(),
      fc.option(fc.string()),
      fc.integer({ min: 0, max: 4_000_000_000 }),
      fc.boolean(),
      async (anyConfig, text, nonce, iat, mounted) => {
        fc.pre([text, nonce ?? '', JSON.stringify(anyConfig)].every((each) => each.isWellFormed()))
        const standing = {
          sig_key: key,
          mounted_key: mounted ? key : null,
          webhook_key: key,
          log: { origin: text, vkey: text },
          config: anyConfig,
          config_digest: text,
          pseudonym_epoch: text,
          software: { name: text, version: '"iat":0' },
        }
        let whole: Uint8Array
        try {
          const { mounted_key: _mounted, ...rest } = standing
          whole = canonicalBytes({
            ...(mounted ? standing : rest),
            eat_profile: 'tag:perf-agg,2026:attestation/v1',
            eat_nonce: nonce,
            enc_key: boxKey,
            iat,
          })
        } catch {
          return true
        }
        const made = claimsBytes(frameOf(standing, boxKey, nonce), iat)
        return Buffer.compare(made, whole) === 0
      },
    ),
  )
  t.pass()
})

t.test('looking through the window costs little', async (t) => {
  const enclave = await newEnclave(t)
  const { jwk } = enclave.signer
  const standing = {
    sig_key: jwk,
    mounted_key: null,
    webhook_key: jwk,
    log: null,
    config: { large: 'x'.repeat(100_000) },
    config_digest: '',
    pseudonym_epoch: '',
    software: { name: '', version: '' },
  }
  const frame = frameOf(standing, { kty: 'OKP', crv: 'X25519', x: '' }, 'n')
  const begunMs = performance.now()
  for (let count = 0; count < 20; count += 1) t.notOk(claimsShown(frame, `sha256:${'0'.repeat(64)}`, startMs))
  t.ok(performance.now() - begunMs < 10_000)
})

t.test('the box key is replaced daily and opens for ten more minutes', async (t) => {
  const enclave = await newEnclave(t)
  const first = claimsOf(await enclave.quote(null, startMs)).enc_key
  const sealed = await sealBox(publicKeyOf(first), utf8('content'))
  t.same(claimsOf(await enclave.quote(null, startMs + dayMs - 1)).enc_key, first)
  const turnMs = startMs + dayMs
  const nonce = newNonce()
  const late = await enclave.quote(nonce, turnMs - 1_000)
  const quotes = await Promise.all([1, 2, 3].map(async () => enclave.quote(null, turnMs)))
  const second = claimsOf(quotes[0] ?? late).enc_key
  t.not(second.x, first.x)
  for (const quote of quotes)
    t.same(claimsOf(quote).enc_key, second, 'one new key for all that asked at once')
  t.ok(await enclave.openBox(sealed, turnMs + 10 * minuteMs - 1))
  const box = await enclave.openBox(await sealBox(publicKeyOf(first), utf8('late')), turnMs)
  t.ok(
    box !== null &&
      enclave.checkSubmission(
        box,
        { claimsDigest: await claimsDigestOf(late), nonce },
        turnMs + 5 * minuteMs,
      ),
    'claims that showed the key before are still known',
  )
  const newer = await enclave.openBox(await sealBox(publicKeyOf(second), utf8('x')), turnMs)
  t.ok(
    newer !== null &&
      !enclave.checkSubmission(newer, { claimsDigest: await claimsDigestOf(late), nonce }, turnMs),
    'but a box must be sealed to the key its own claims show',
  )
  t.equal(await enclave.openBox(sealed, turnMs + 10 * minuteMs), null)
  t.ok(await enclave.openBox(await sealBox(publicKeyOf(second), utf8('x')), turnMs + 10 * minuteMs))
  await enclave.rotate(turnMs + dayMs)
  t.not(claimsOf(await enclave.quote(null, turnMs + dayMs)).enc_key.x, second.x)
})

t.test('every box that does not open is null', async (t) => {
  const enclave = await newEnclave(t)
  const key = publicKeyOf(claimsOf(await enclave.quote(null, startMs)).enc_key)
  const sealed = await sealBox(key, utf8('content'))
  const cases: Uint8Array[] = [
    new Uint8Array(0),
    sealed.slice(0, 47),
    sealed.slice(0, -1),
    Uint8Array.from([...sealed, 0]),
    new Uint8Array(48),
    await sealBox(publicKeyOf(claimsOf(await (await newEnclave(t)).quote(null, startMs)).enc_key), utf8('x')),
  ]
  for (const box of cases) t.equal(await enclave.openBox(box, startMs), null)
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: sealed.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const altered = Uint8Array.from(sealed)
        altered[at] = (altered[at] ?? 0) ^ flip
        return (await enclave.openBox(altered, startMs)) === null
      },
    ),
    { numRuns: 300 },
  )
})

t.test('closed, it does nothing any more', async (t) => {
  const enclave = await newEnclave(t)
  enclave.close()
  enclave.close()
  const gone = { code: 'ENCLAVE_CLOSED' }
  await t.rejects(enclave.quote(null, startMs), gone)
  await t.rejects(enclave.openBox(new Uint8Array(60), startMs), gone)
  await t.rejects(enclave.rotate(startMs), gone)
  await t.rejects(enclave.signer.sign(utf8('x')), gone)
  await t.rejects(enclave.webhookSigner.sign(utf8('x')), gone)
})
