import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import {
  claimsBytesOf,
  claimsDigestOf,
  credentialsSchema,
  encodeCredentials,
  newNonce,
  parseClaims,
  parseCredentials,
  parseQuote,
  publicKeyOf,
  sealBox,
  sessionConfigDefault,
  toBase64,
  toInstant,
  utf8,
} from '@perf-agg/sdk'
import { commandIn, sandbox } from '../cli/script.ts'
import { type Block, blocksOf, readPage } from './page.ts'

/** Every example of perf-agg-protocol(7), run against a daemon: statuses and codes as written, answers of that shape. */

const blocks = blocksOf(readPage('perf-agg-protocol.7.md'))

interface Delivery {
  readonly line: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

async function startBackend() {
  const deliveries: Delivery[] = []
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => {
      deliveries.push({ line: `${request.method} ${request.url}`, headers: request.headers })
      response.writeHead(204).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, deliveries, close: () => server.close() }
}

async function startDaemon(folder: string, backendUrl: string) {
  writeFileSync(join(folder, 'c.json'), JSON.stringify({ backend_url: backendUrl, insecure_simulated: true }))
  const ports = ['--port', '0', '--operations-port', '0', '--ws-port', '0']
  const env = sandbox(folder)
  const child = spawn(commandIn(folder), ['serve', '--config', 'c.json', ...ports], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, urls: JSON.parse(line.toString()) as { enclave: string; operations: string; ws: string } }
}

async function seal(enclave: string, nonce: string): Promise<string> {
  const quote = parseQuote(await (await fetch(`${enclave}/attestation/quote?nonce=${nonce}`)).json())
  const claims = parseClaims(claimsBytesOf(quote))
  const payload = {
    schema: credentialsSchema,
    claims_digest: await claimsDigestOf(quote),
    nonce,
    issued_at: toInstant(Date.now()),
    client_id: 'test-client-1',
    label: 'main',
    exchange: 'mock',
    config: sessionConfigDefault,
    ttl_seconds: 86_400,
    reply_key: null,
    client_key: null,
    client_signature: null,
  } as const
  return toBase64(await sealBox(publicKeyOf(claims.enc_key), encodeCredentials(payload, {})))
}

/** Where `actual` has not the shape of `example`; literal are the members that programs decide by. */
function misfits(example: unknown, actual: unknown, path = ''): string[] {
  const literal =
    /\.(code|status|title|type|detail|hint|schema|eat_profile|reason|duplicate|removed|kty|crv|use|alg|message|twr_pct)$/
  if (example === null || typeof example !== 'object') {
    if (literal.test(path)) return example === actual ? [] : [`${path} is ${JSON.stringify(actual)}`]
    // a statement may be under way at that moment
    if (path.endsWith('.oldest_age_s') && typeof actual === 'number') return []
    return typeof example === typeof actual ? [] : [`${path} is ${typeof actual}`]
  }
  if (actual === null || typeof actual !== 'object') return [`${path} is ${JSON.stringify(actual)}`]
  // Maps by name, and what the operator's page leaves out for length.
  const open = /\.(portfolio|figures|reasons|config)$/.test(path) || (path === '' && 'uptime_s' in example)
  const missing = Object.keys(example).filter((name) => !(name in actual))
  const more = open || Array.isArray(example) ? [] : Object.keys(actual).filter((name) => !(name in example))
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...more.map((name) => `${path}.${name} is not on the page`),
    ...Object.entries(example).flatMap(([name, value]) =>
      name in actual ? misfits(value, (actual as Record<string, unknown>)[name], `${path}.${name}`) : [],
    ),
  ]
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$([A-Z]+)/g, (_, name: string) => values[name] ?? `$${name}`)
}

async function ask(base: string, request: string): Promise<{ head: string; body: unknown }> {
  const [line = '', ...rest] = request.split('\n')
  const [method = '', path = ''] = line.split(' ')
  const body = rest.join('\n')
  const response = await fetch(`${base}${path}`, {
    method,
    ...(body === '' ? {} : { body, headers: { 'content-type': 'application/json' } }),
  })
  return {
    head: `${response.status} ${response.headers.get('content-type')?.split(';')[0]}`,
    body: await response.json(),
  }
}

async function talk(url: string, block: Block, values: Readonly<Record<string, string>>): Promise<string[]> {
  const socket = new WebSocket(url)
  await once(socket, 'open')
  // What comes as it changes is told of in words.
  const received: unknown[] = []
  let { promise: arrival, resolve: arrived } = Promise.withResolvers<void>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as { type: string }
    if (message.type !== 'metrics') received.push(message)
    arrived()
  })
  const found: string[] = []
  for (const line of block.text.split('\n')) {
    if (line.startsWith('> ')) socket.send(fill(line.slice(2), values))
    else {
      while (received.length === 0) {
        await arrival
        ;({ promise: arrival, resolve: arrived } = Promise.withResolvers<void>())
      }
      found.push(...misfits(JSON.parse(line.slice(2)), received.shift()))
    }
  }
  socket.close()
  return found
}

t.test('the examples', { timeout: 600_000 }, async (t) => {
  const folder = t.testdir()
  const backend = await startBackend()
  const { child, urls } = await startDaemon(folder, backend.url)
  t.teardown(() => {
    child.kill('SIGKILL')
    backend.close()
  })
  const nonce = newNonce()
  const values: Record<string, string> = {
    NONCE: nonce,
    SEALED: await seal(urls.enclave, nonce),
    NOW: String(Date.now()),
  }
  let asked: { head: string; body: unknown } | null = null
  let examples = 0
  for (const block of blocks) {
    const name = `line ${block.line}: ${block.text.split('\n')[0]}`
    if (block.kind === 'operations' || (block.kind === 'http' && /^(GET|POST) /.test(block.text))) {
      const base = block.kind === 'operations' ? urls.operations : urls.enclave
      asked = await ask(base, fill(block.text, values))
      const body = asked.body as Record<string, unknown>
      if (typeof body['session_id'] === 'string') values['SESSION'] = body['session_id']
      if (typeof body['view_id'] === 'string') values['VIEW'] = body['view_id']
      if (typeof body['account'] === 'string') values['ACCOUNT'] ??= body['account']
      examples += 1
    } else if (block.kind === 'http') {
      const [head, ...rest] = block.text.split('\n')
      t.equal(asked!.head, head, name)
      t.strictSame(misfits(JSON.parse(rest.join('\n')), asked!.body), [], name)
    } else if (block.kind === 'ws') {
      t.strictSame(await talk(urls.ws, block, values), [], name)
    } else if (block.kind === 'claims') {
      const quote = parseQuote(asked!.body)
      t.strictSame(
        misfits(JSON.parse(block.text), JSON.parse(Buffer.from(claimsBytesOf(quote)).toString())),
        [],
        name,
      )
      t.doesNotThrow(() => parseClaims(utf8(block.text)), name)
    } else if (block.kind === 'credentials') {
      t.equal(parseCredentials(utf8(block.text)).payload.exchange, 'binance', name)
    } else if (block.kind === 'delivery') {
      while (backend.deliveries.length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
      const [line, ...headers] = block.text.split('\n')
      t.equal(backend.deliveries[0]!.line, line)
      for (const header of headers) {
        const [key = '', example = ''] = header.split(/: /)
        const form = example
          .replaceAll(/[0-9a-f]{64}/g, '[0-9a-f]{64}')
          .replace(/^\d+$/, '\\d{10}')
          .replace(/v1a,.*/, 'v1a,[\\w+/=]{88}')
          .replace(/^perf-agg\/.*=$/, 'perf-agg/[\\w-]{22} \\d+ [\\w+/]{43}=$')
        t.match(backend.deliveries[0]!.headers[key], new RegExp(`^${form}`), key)
      }
    }
  }
  t.ok(examples >= 15, `${examples} examples`)
})

t.test('another shape is seen', async (t) => {
  t.strictSame(misfits({ a: 1, code: 'X' }, { a: 'x', code: 'Y', b: 1 }), [
    '.b is not on the page',
    '.a is string',
    '.code is "Y"',
  ])
})
