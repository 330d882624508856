import fc from 'fast-check'
import t from 'tap'
import type { CredentialsPayload } from '../../sdk/index.ts'
import {
  challengeBytes,
  clientSignedBytes,
  encodeCredentials,
  fromUtf8,
  InputError,
  newSigningKey,
  parseCredentials,
  PerfAggError,
  readExchangeCredentials,
  toBase64,
  utf8,
  verifyClientSignature,
} from '../../sdk/index.ts'

const wire = {
  schema: 'perf-agg/credentials/v1',
  claims_digest: `sha256:${'0a'.repeat(32)}`,
  nonce: 'A'.repeat(43),
  issued_at: '2026-11-23T01:20:00.000Z',
  client_id: 'trader-john',
  label: 'main',
  exchange: 'binance',
  credentials: { api_key: 'abcKEY', secret: 'abcSECRET' } as object,
  config: { accountType: 'spot', apiInterval: 60_000, maxRetries: 3, sandbox: false } as object,
  ttl_seconds: 86_400,
  reply_key: toBase64(new Uint8Array(32).fill(1)),
  client_key: toBase64(new Uint8Array(32).fill(2)),
  client_signature: toBase64(new Uint8Array(64).fill(3)),
}

function parse(change: Record<string, unknown>): ReturnType<typeof parseCredentials> {
  const whole = Object.entries({ ...wire, ...change }).filter(([, value]) => value !== undefined)
  return parseCredentials(utf8(JSON.stringify(Object.fromEntries(whole))))
}

t.test('takes the payload of the protocol, and its credentials as bytes', async (t) => {
  const { payload, credentials } = parse({})
  const { credentials: _, ...rest } = wire
  t.same(payload, rest)
  t.equal(fromUtf8(credentials), '{"api_key":"abcKEY","secret":"abcSECRET"}')
  t.notMatch(JSON.stringify(payload), /abcKEY|abcSECRET/)
})

t.test('what may be left out has its default', async (t) => {
  const { payload } = parse({
    label: undefined,
    config: undefined,
    ttl_seconds: undefined,
    reply_key: undefined,
    client_key: undefined,
    client_signature: undefined,
  })
  t.match(payload, {
    label: 'main',
    config: { accountType: 'spot', apiInterval: 60_000, maxRetries: 3, sandbox: false },
    ttl_seconds: null,
    reply_key: null,
    client_key: null,
    client_signature: null,
  })
  t.same(parse({ config: { sandbox: true } }).payload.config, {
    accountType: 'spot',
    apiInterval: 60_000,
    maxRetries: 3,
    sandbox: true,
  })
})

t.test('refuses by name, and never repeats a value', async (t) => {
  const refused: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
    [{ schema: 'perf-agg/credentials/v2' }, 'INPUT_INVALID', /^schema /],
    [{ claims_digest: 'sha256:00' }, 'INPUT_INVALID', /^claims_digest /],
    [{ nonce: 'B'.repeat(43) }, 'INPUT_INVALID', /^nonce /],
    [{ issued_at: '2026-11-23' }, 'INPUT_INVALID', /^issued_at /],
    [{ client_id: '../etc' }, 'INPUT_INVALID', /^client_id /],
    [{ client_id: 'a b' }, 'INPUT_INVALID', /^client_id /],
    [{ client_id: 'x'.repeat(129) }, 'INPUT_INVALID', /^client_id /],
    [{ label: '' }, 'INPUT_INVALID', /^label /],
    [{ exchange: 'constructor()' }, 'INPUT_INVALID', /^exchange /],
    [{ exchange: undefined }, 'INPUT_INVALID', /^exchange is missing/],
    [{ hostname: 'evil' }, 'INPUT_INVALID', /unknown member hostname/],
    [{ config: { urls: {} } }, 'INPUT_INVALID', /config has an unknown member urls/],
    [{ config: { accountType: 'option' } }, 'INPUT_INVALID', /^config\.accountType /],
    [{ config: { apiInterval: 1 } }, 'INPUT_INVALID', /^config\.apiInterval /],
    [{ config: { maxRetries: 1e9 } }, 'INPUT_INVALID', /^config\.maxRetries /],
    [{ config: { sandbox: 'true' } }, 'INPUT_INVALID', /^config\.sandbox /],
    [{ ttl_seconds: 0 }, 'INPUT_INVALID', /^ttl_seconds /],
    [{ ttl_seconds: 1.5 }, 'INPUT_INVALID', /^ttl_seconds /],
    [{ reply_key: 'AA==' }, 'INPUT_INVALID', /^reply_key /],
    [{ client_signature: undefined }, 'INPUT_INVALID', /come together/],
    [{ credentials: undefined }, 'INPUT_INVALID', /credentials is missing/],
    [{ credentials: null }, 'CREDENTIALS_INVALID', /must be an object/],
    [{ credentials: ['s3cret'] }, 'CREDENTIALS_INVALID', /must be an object/],
    [{ credentials: { api_key: 's3cret' } }, 'CREDENTIALS_INVALID', /credentials\.secret is missing/],
    [{ credentials: { api_key: 's3cret', secret: 1 } }, 'CREDENTIALS_INVALID', /secret must be a string/],
    [{ credentials: { api_key: '', secret: 's3cret' } }, 'CREDENTIALS_INVALID', /api_key must be 1 to 512/],
    [{ credentials: { api_key: 's3cret '.repeat(99), secret: 'x' } }, 'CREDENTIALS_INVALID', /api_key/],
    [
      { credentials: { api_key: 's3cret\r\nX: y', secret: 'x' } },
      'CREDENTIALS_INVALID',
      /api_key holds a character/,
    ],
    [
      { credentials: { api_key: 'x', secret: 's3cret\u0000' } },
      'CREDENTIALS_INVALID',
      /secret holds a character/,
    ],
    [{ credentials: { api_key: 'x', secret: 's3cré' } }, 'CREDENTIALS_INVALID', /secret holds a character/],
    [
      { credentials: { api_key: 'x', secret: 's3cret'.repeat(1_000) } },
      'CREDENTIALS_INVALID',
      /secret must be 1 to 4096/,
    ],
    [
      { credentials: { api_key: 'x', secret: 's3cret', s3cret: 'x' } },
      'CREDENTIALS_INVALID',
      /does not take/,
    ],
    [{ exchange: 'okx' }, 'CREDENTIALS_INVALID', /passphrase is missing/],
    [{ exchange: 'hyperliquid' }, 'CREDENTIALS_INVALID', /does not take/],
    [
      { exchange: 'hyperliquid', credentials: { wallet_address: `0x${'g'.repeat(40)}` } },
      'CREDENTIALS_INVALID',
      /wallet_address/,
    ],
    [
      { exchange: 'hyperliquid', credentials: { wallet_address: `0x${'a'.repeat(64)}` } },
      'CREDENTIALS_INVALID',
      /42 characters/,
    ],
    [{ exchange: 'mock', credentials: { api_key: 's3cret' } }, 'CREDENTIALS_INVALID', /both/],
  ]
  for (const [change, code, message] of refused) {
    t.throws(() => parse(change), { code, message }, JSON.stringify(change).slice(0, 80))
    try {
      parse(change)
    } catch (error) {
      if (!(error instanceof PerfAggError)) throw error
      t.notMatch(`${error.message} ${error.hint ?? ''}`, /s3cr/)
    }
  }
  const twice = JSON.stringify(wire).replace('"api_key":', '"secret":"x","secret":"y","api_key":')
  t.throws(() => parseCredentials(utf8(twice)), {
    code: 'CREDENTIALS_INVALID',
    message: /secret is there twice/,
  })
  t.throws(() => parseCredentials(utf8(' '.repeat(20_000))), { code: 'JSON_TOO_LARGE' })
})

t.test('each exchange takes its own', async (t) => {
  const taken: readonly (readonly [string, object])[] = [
    ['okx', { api_key: 'k', secret: 's', passphrase: 'p "a\\ß'.replace('ß', 's') }],
    ['binance', { api_key: 'k', secret: 's', passphrase: 'p' }],
    [
      'coinbase',
      { api_key: 'organizations/a/apiKeys/b', secret: '-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END' },
    ],
    ['hyperliquid', { wallet_address: `0x${'aB'.repeat(20)}` }],
    ['hyperliquid', { wallet_address: `0x${'aB'.repeat(20)}`, wallet_signature: `0x${'0f'.repeat(65)}` }],
    ['mock', {}],
    ['push', { api_key: 'k', secret: 's' }],
  ]
  for (const [exchange, credentials] of taken) {
    const { credentials: slice } = parse({ exchange, credentials })
    t.same(readExchangeCredentials(slice, exchange), credentials, exchange)
  }
  const escaped = utf8('{ "api_key" : "a\\/b" ,\n"secret":"\\u0041\\n" }')
  t.same(readExchangeCredentials(escaped, 'coinbase'), { api_key: 'a/b', secret: 'A\n' })
})

t.test('property: what is encoded is what is parsed', async () => {
  const text = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((unit) => String.fromCharCode(unit)),
    minLength: 1,
    maxLength: 200,
  })
  const { payload } = parse({})
  fc.assert(
    fc.property(text, text, text, (api_key, secret, passphrase) => {
      const { payload: again, credentials } = parseCredentials(
        encodeCredentials(payload, { api_key, secret, passphrase }),
      )
      const read = readExchangeCredentials(credentials, 'binance')
      return (
        JSON.stringify(again) === JSON.stringify(payload) &&
        JSON.stringify(read) === JSON.stringify({ api_key, secret, passphrase })
      )
    }),
  )
})

t.test('fuzz: altered bytes are taken or refused, never anything else', async () => {
  const original = utf8(JSON.stringify(wire))
  const edits = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(edits, (changes) => {
      const bytes = Uint8Array.from(original)
      for (const [at, byte] of changes) bytes[at] = byte
      try {
        const { payload, credentials } = parseCredentials(bytes)
        readExchangeCredentials(credentials, payload.exchange)
      } catch (error) {
        return error instanceof InputError
      }
      return true
    }),
    { numRuns: 20_000 },
  )
})

t.test("the client's key signs claims and nonce", async (t) => {
  const key = await newSigningKey()
  const { payload } = parse({})
  const signature = await key.sign(clientSignedBytes(payload.claims_digest, payload.nonce))
  const signed: CredentialsPayload = {
    ...payload,
    client_key: toBase64(key.publicKey),
    client_signature: toBase64(signature),
  }
  t.equal(await verifyClientSignature(signed), true)
  t.equal(await verifyClientSignature({ ...signed, nonce: 'E'.repeat(43) }), false)
  t.equal(await verifyClientSignature({ ...signed, claims_digest: `sha256:${'0b'.repeat(32)}` }), false)
  t.equal(await verifyClientSignature({ ...signed, client_key: null, client_signature: null }), true)
  t.not(fromUtf8(challengeBytes('end', 'x')), fromUtf8(challengeBytes('publish', 'x')))
})
