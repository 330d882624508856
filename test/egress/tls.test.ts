import { once } from 'node:events'
import { createHash, X509Certificate } from 'node:crypto'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { Egress } from '../../src/egress/egress.ts'
import { rulesOf } from '../../src/egress/hosts.ts'
import { streamRulesOf } from '../../src/egress/stream-hosts.ts'

/** Made for this test alone: for localhost and 127.0.0.1, signed by itself. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUOj6TBsSYdX4MErfauuQ678o4VV0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx
MDAwMDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATCYEeKWaV0iTeAe2N0pmR1FUZKDWEdojSrHBAVFhySsMJXy7BZ2NK/
aTxJR9MfPBtMwAsyjWotfw0B4hk2bIp/o28wbTAdBgNVHQ4EFgQUP2cAanSY5qQl
L1IFH9mtm151a6gwHwYDVR0jBBgwFoAUP2cAanSY5qQlL1IFH9mtm151a6gwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAMR0g5VPuTMhJuOALFKUQo79ngoSAKVD3OpUkB06SRsdAiEA
53fHmX3iBcyFkW6CRSkq7o7ArYwmnk4WA3i7OhIaUEw=
-----END CERTIFICATE-----
`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMPW5Vc1vAMhZgu7Q
hUOXBQtFfpjRRhGq1NNMzWOh7lqhRANCAATCYEeKWaV0iTeAe2N0pmR1FUZKDWEd
ojSrHBAVFhySsMJXy7BZ2NK/aTxJR9MfPBtMwAsyjWotfw0B4hk2bIp/
-----END PRIVATE KEY-----
`

async function serve(t: Test, options: ServerOptions = {}): Promise<number> {
  const server = createServer({ cert, key, ...options }, (_, response) => response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function get(t: Test, origin: string, roots?: readonly string[]) {
  const egress = new Egress(rulesOf('binance', origin), roots === undefined ? {} : { roots })
  t.teardown(() => egress.close())
  return egress.fetch({ id: 1, method: 'GET', url: `${origin}/api/v3/time`, headers: [] }, new Uint8Array())
}

t.test('a certificate that is trusted is reported by its digest', async (t) => {
  const port = await serve(t)
  const { report } = await get(t, `https://localhost:${port}`, [cert])
  t.equal(
    report.certificate,
    `sha256:${createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')}`,
  )
})

t.test('a certificate that no bundled root has signed is refused', async (t) => {
  const port = await serve(t)
  // Node warns of it on stderr, which is not the point here
  process.removeAllListeners('warning')
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  t.teardown(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
  await t.rejects(
    get(t, `https://localhost:${port}`),
    { code: 'TLS_REFUSED' },
    'whatever the environment says',
  )
})

t.test('a stream’s certificate is judged by the same roots', async (t) => {
  const port = await serve(t)
  const open = (roots?: readonly string[]) => {
    const rules = streamRulesOf('binance', `https://localhost:${port}`)
    const egress = new Egress(rules, roots === undefined ? {} : { roots })
    t.teardown(() => egress.close())
    return egress.open(`wss://localhost:${port}/ws-api/v3`)
  }
  await t.rejects(open(), { code: 'TLS_REFUSED' })
  t.match(await open([cert]), { status: 200, socket: null }, 'trusted, and no stream there')
})

t.test('a certificate for another name is refused', async (t) => {
  const port = await serve(t)
  await t.rejects(get(t, `https://ip6-localhost.localhost:${port}`, [cert]), {
    code: /TLS_REFUSED|UNREACHABLE/,
  })
})

t.test('an old protocol is refused', async (t) => {
  const port = await serve(t, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
  await t.rejects(get(t, `https://localhost:${port}`, [cert]), { code: 'TLS_REFUSED' })
})
