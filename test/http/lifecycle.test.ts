import { mkdtemp, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { WebSocket } from 'ws'
import { startListeners } from '../../src/http/listeners.ts'
import { silentLog } from '../../src/http/log.ts'
import { limits } from '../../src/limits.ts'
import { certificateKeyPem, certificatePem } from './certificate.ts'
import { ask, FakeService, openHouse, raw, sessionId } from './fixture.ts'

const config = {
  tls: null,
  allowedOrigins: [],
  trustedProxies: [],
  allowPlainRegistration: false,
  enclave: { host: '127.0.0.1', port: 0 },
  operations: { host: '127.0.0.1', port: 0 },
  ws: { host: '127.0.0.1', port: 0 },
}

t.test('a port that is taken is named with its flag, and nothing stays open', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  for (const [name, flag] of [
    ['enclave', '--port'],
    ['operations', '--operations-port'],
    ['ws', '--ws-port'],
  ] as const) {
    const other = { ...config, [name]: { host: '127.0.0.1', port } }
    const start = startListeners(new FakeService(), other, limits, silentLog)
    await t.rejects(start, { code: 'PORT_TAKEN', hint: new RegExp(`${flag}[ ,]`) })
  }
  const nowhere = { ...config, enclave: { host: '203.0.113.7', port: 0 } }
  await t.rejects(startListeners(new FakeService(), nowhere, limits, silentLog), { code: 'HOST_UNKNOWN' })
  const wrong = { ...config, trustedProxies: ['10.0.0.0/33'] }
  await t.rejects(startListeners(new FakeService(), wrong, limits, silentLog), {
    code: 'TRUSTED_PROXY_INVALID',
  })
})

t.test('stopping finishes what has begun and takes nothing new', async (t) => {
  const { listeners, service } = await openHouse(t)
  const { promise, resolve: open } = Promise.withResolvers<void>()
  service.openGate = promise
  const { promise: asked, resolve: reached } = Promise.withResolvers<void>()
  const metrics = service.metrics.bind(service)
  service.metrics = async (id, nonce) => {
    reached()
    await promise
    return metrics(id, nonce)
  }
  const socket = new WebSocket(listeners.wsUrl)
  await new Promise((resolve) => socket.once('open', resolve))
  const wsClosed = new Promise((resolve) => socket.once('close', resolve))
  const begun = ask(`${listeners.enclaveUrl}/enclave/metrics/${sessionId}`)
  const { hostname, port } = new URL(listeners.enclaveUrl)
  const idle = connect(Number(port), hostname)
  idle.resume()
  const idleClosed = new Promise((resolve) => idle.once('close', resolve))
  idle.on('error', () => {})
  await asked
  const closed = listeners.close(120_000)
  t.equal(await wsClosed, 1001)
  await t.rejects(fetch(`${listeners.enclaveUrl}/livez`))
  open()
  const openedMs = performance.now()
  t.equal((await begun).status, 200)
  await idleClosed
  await closed
  t.ok(performance.now() - openedMs < 60_000, 'without waiting for the deadline')
  await listeners.close(1)
  t.pass('closing again is nothing')
})

t.test('what does not end by the deadline is cut off', async (t) => {
  const { listeners, service } = await openHouse(t)
  const { promise: asked, resolve: reached } = Promise.withResolvers<void>()
  service.metrics = async () => {
    reached()
    return new Promise(() => {})
  }
  const stuck = ask(`${listeners.enclaveUrl}/enclave/metrics/${sessionId}`)
  const rejected = t.rejects(stuck)
  await asked
  const begunMs = performance.now()
  await listeners.close(200)
  t.ok(performance.now() - begunMs < 60_000)
  await rejected
})

t.test('TLS where certificate and key are given', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'perf-agg-tls-'))
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  await writeFile(certFile, certificatePem)
  await writeFile(keyFile, certificateKeyPem)
  const { listeners } = await openHouse(t, {
    config: { tls: { certFile, keyFile }, allowPlainRegistration: true },
  })
  t.match(listeners.enclaveUrl, /^https:/)
  t.match(listeners.wsUrl, /^wss:/)
  const answer = await new Promise<{ status: number | undefined; hsts: string | undefined }>(
    (resolve, reject) => {
      request(`${listeners.enclaveUrl}/livez`, { ca: certificatePem, agent: false }, (response) => {
        response.resume()
        resolve({ status: response.statusCode, hsts: response.headers['strict-transport-security'] })
      })
        .on('error', reject)
        .end()
    },
  )
  t.same(answer, { status: 200, hsts: 'max-age=31536000' })
  const socket = new WebSocket(listeners.wsUrl, { ca: certificatePem })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.close()
  const clear = await raw(listeners.enclaveUrl, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.equal(clear.status, 0)
  t.ok(clear.closed)

  const missing = { ...config, tls: { certFile: join(folder, 'none'), keyFile } }
  await t.rejects(startListeners(new FakeService(), missing, limits, silentLog), {
    code: 'TLS_FILE_UNREADABLE',
  })
  const swapped = { ...config, tls: { certFile: keyFile, keyFile: certFile } }
  await t.rejects(startListeners(new FakeService(), swapped, limits, silentLog), {
    code: 'TLS_FILES_INVALID',
  })
})
