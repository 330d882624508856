import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import t, { type Test } from 'tap'
import { appraise, newNonce, parsePolicy, parseQuote, toHex } from '@perf-agg/sdk'
import type { Roots } from '../../../sdk/evidence/roots.ts'
import { EndorsementKeeper } from '../../../src/daemon/collecting/endorsements.ts'
import { makerRules } from '../../../src/egress/hosts.ts'
import type { Attester } from '../../../src/enclave/attester.ts'
import { findAttester } from '../../../src/enclave/detection.ts'
import { endorsementSources, makerServices } from '../../../src/enclave/endorsement-sources.ts'
import { openEnclave } from '../../../src/enclave/enclave.ts'
import { tsmRoot } from '../../../src/enclave/attesters/tsm-report.ts'
import type { Log } from '../../../src/http/log.ts'
import { limits } from '../../../src/limits.ts'
import { makeFakeSnpChip } from '../../vectors/attestation/fake-snp.ts'
import { makeFakeTdxPlatform } from '../../vectors/attestation/fake-tdx.ts'
import { fakeNowMs } from '../../vectors/attestation/pki.ts'
import { fakeKernel } from './fake-kernel.ts'

/** The daemon fetches what makers publish, through an egress process, and serves it with its quotes. */

type Routes = Record<string, (response: ServerResponse) => void>

/** A service that answers these paths, and tells which were asked for. */
async function service(t: Test, routes: Routes): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const route = routes[request.url ?? '']
    if (route === undefined) response.writeHead(404).end()
    else route(response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

const encoded = (bytes: Uint8Array | undefined): string =>
  encodeURIComponent(Buffer.from(bytes ?? []).toString('latin1'))

interface Logged {
  readonly log: Log
  readonly events: string[]
}

function logged(): Logged {
  const events: string[] = []
  const take = (event: string, fields = {}): void =>
    void events.push(`${event} ${Object.values(fields).join()}`.trim())
  return { log: { error: take, warn: take, info: take, debug: take }, events }
}

async function keeperOf(
  attester: Attester,
  folder: string,
  serviceUrl: string,
  log = logged().log,
): Promise<EndorsementKeeper> {
  const place = { stateFolder: dirname(folder), endorsementFolder: null, endorsementUrl: serviceUrl }
  return EndorsementKeeper.of(place, { attester, childUser: null, log })!
}

/** What a client makes of the next quote. */
async function judged(attester: Attester, roots: Roots, accept: object): Promise<readonly string[]> {
  const enclave = await openEnclave({
    attester,
    mountedSigner: null,
    config: {},
    software: { name: 'perf-agg', version: '0.2.0' },
    logOrigin: 'perf-agg.example/log',
    pseudonymEpoch: 'epoch',
    nowMs: fakeNowMs,
  })
  const nonce = newNonce()
  const quote = parseQuote(JSON.parse(JSON.stringify(await enclave.quote(nonce, fakeNowMs))))
  enclave.close()
  const policy = parsePolicy({ version: 1, accept: [accept] })
  const { steps } = await appraise(quote, { nonce, nowMs: fakeNowMs, policy, roots })
  return steps.filter(({ status }) => status !== 'affirming').map(({ code }) => code)
}

const hash = (byte: string): string => byte.repeat(48)
const tdxEntry = { tee: 'tdx', mr_td: [hash('a1')], rtmr1: [hash('b1')], rtmr2: [hash('b2')] }

async function fakeTdx(t: Test, folder: string) {
  const platform = await makeFakeTdxPlatform()
  const { files } = fakeKernel({
    folder: t.testdir(),
    provider: 'tdx_guest',
    report: async (reportData) => ({ outblob: await platform.quote({ reportData }) }),
  })
  const machine = { exists: (path: string) => path === tsmRoot, tsmFiles: files }
  const attester = await findAttester(
    { tee: 'auto', insecureSimulated: false, endorsementFolder: folder },
    machine,
  )
  const { collateral } = platform
  const send =
    (body: Uint8Array, header?: string, chain?: Uint8Array) =>
    (response: ServerResponse): void => {
      if (header !== undefined) response.setHeader(header, encoded(chain))
      response.end(body)
    }
  const routes: Routes = {
    '/tdx/certification/v4/tcb?fmspc=00a06f000000': send(
      collateral.tcbInfo,
      'TCB-Info-Issuer-Chain',
      collateral.tcbInfoIssuerChain,
    ),
    '/tdx/certification/v4/qe/identity': send(
      collateral.qeIdentity,
      'SGX-Enclave-Identity-Issuer-Chain',
      collateral.qeIdentityIssuerChain,
    ),
    '/sgx/certification/v4/pckcrl?ca=platform&encoding=der': send(
      collateral.pckCrl,
      'SGX-PCK-CRL-Issuer-Chain',
      collateral.pckCrlIssuerChain,
    ),
    // caching services write this one in hexadecimal
    '/sgx/certification/v4/rootcacrl': send(Buffer.from(toHex(collateral.rootCaCrl))),
  }
  return { platform, attester, routes }
}

t.test('TDX: with what a caching service hands out, a client affirms', async (t) => {
  const folder = `${t.testdir({ state: {} })}/state/endorsements`
  const { platform, attester, routes } = await fakeTdx(t, folder)
  t.strictSame(await judged(attester, platform.roots, tdxEntry), ['COLLATERAL_MISSING'])
  const { url, asked } = await service(t, routes)
  const { log, events } = logged()
  const keeper = await keeperOf(attester, folder, url, log)
  await keeper.gather(fakeNowMs)
  t.strictSame(asked.toSorted(), Object.keys(routes).toSorted())
  t.strictSame(events, ['endorsements-gathered'])
  t.strictSame(await judged(attester, platform.roots, tdxEntry), [])
  t.strictSame(
    new Uint8Array(readFileSync(`${folder}/root_ca_crl.der`)),
    Uint8Array.from(platform.collateral.rootCaCrl),
    'whose bytes are the maker’s',
  )

  keeper.tick(fakeNowMs + limits.attestation.gatherPauseMs - 1)
  await keeper.stop()
  t.equal(asked.length, 4, 'not before a day is over')
  const again = await keeperOf(attester, folder, url)
  await again.gather(fakeNowMs + 1_000)
  t.equal(asked.length, 4, 'nor by a daemon that is started again')
  const next = await keeperOf(attester, folder, url)
  const laterMs = fakeNowMs + limits.attestation.gatherPauseMs
  next.tick(laterMs)
  next.tick(laterMs)
  await next.gather(laterMs)
  t.equal(asked.length, 8, 'then once, however often it is asked for')
})

t.test('TDX: what does not come is said, and asked for again; what was there stays', async (t) => {
  const folder = `${t.testdir({ state: {} })}/state/endorsements`
  const { platform, attester, routes } = await fakeTdx(t, folder)
  const { url, asked } = await service(t, routes)
  const { log, events } = logged()
  const keeper = await keeperOf(attester, folder, url, log)
  await keeper.gather(fakeNowMs)
  const changes: readonly ((response: ServerResponse) => void)[] = [
    (response) => response.writeHead(500).end('no'),
    (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    (response) => response.end(),
    (response) => response.end(Buffer.alloc(limits.attestation.endorsementBytesMax + 1)),
    (response) => response.destroy(),
  ]
  const laterMs = fakeNowMs + limits.attestation.gatherPauseMs
  for (const change of changes) {
    routes['/tdx/certification/v4/qe/identity'] = change
    await keeper.gather(laterMs)
    t.equal(events.pop(), 'endorsements-missing qe_identity')
    t.strictSame(await judged(attester, platform.roots, tdxEntry), [], 'yesterday’s still holds')
  }
  const before = asked.length
  keeper.tick(laterMs + limits.attestation.gatherRetryMs - 1)
  t.equal(asked.length, before)
  keeper.tick(laterMs + limits.attestation.gatherRetryMs)
  await keeper.gather(laterMs)
  t.equal(asked.length, before + 4, 'asked again after a while')

  const away = await keeperOf(attester, folder, 'http://127.0.0.1:1', log)
  await away.gather(laterMs)
  t.equal(events.pop(), 'endorsements-missing tcb_info qe_identity pck_crl root_ca_crl')
})

t.test('TDX: a service that lies makes the quote worthless, and nothing else', async (t) => {
  const folder = `${t.testdir({ state: {} })}/state/endorsements`
  const { platform, attester } = await fakeTdx(t, folder)
  const foreign = await fakeTdx(t, folder)
  const { url } = await service(t, foreign.routes)
  await (await keeperOf(attester, folder, url)).gather(fakeNowMs)
  const codes = await judged(attester, platform.roots, tdxEntry)
  t.not(codes.length, 0)
  t.ok(
    codes.every((code) => /^(CRL|CHAIN)_/.test(code)),
    codes.join(),
  )
})

async function fakeSnp(t: Test, folder: string, product: 'Milan' | 'Genoa' | 'Turin', version = 5) {
  const chip = await makeFakeSnpChip({ product, version })
  const { files } = fakeKernel({
    folder: t.testdir(),
    provider: 'sev_guest',
    report: async (reportData) => ({ outblob: await chip.report({ reportData }) }),
  })
  const machine = { exists: (path: string) => path === tsmRoot, tsmFiles: files }
  const attester = await findAttester(
    { tee: 'auto', insecureSimulated: false, endorsementFolder: folder },
    machine,
  )
  return { chip, attester }
}

t.test('SEV-SNP: chip, levels and product name the certificate', async (t) => {
  const chipId = 'c5'.repeat(64)
  const genoaPath = `/vcek/v1/Genoa/${chipId}?blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=115`
  const cases = [
    ['Genoa', 5, [genoaPath, '/vcek/v1/Genoa/crl']],
    // a report that does not say what it is of: one after the other
    [
      'Genoa',
      2,
      [genoaPath.replace('Genoa', 'Milan'), genoaPath, '/vcek/v1/Milan/crl', '/vcek/v1/Genoa/crl'],
    ],
    [
      'Turin',
      3,
      ['/vcek/v1/Turin/0102030405060708?fmcSPL=1&blSPL=2&teeSPL=3&snpSPL=4&ucodeSPL=9', '/vcek/v1/Turin/crl'],
    ],
  ] as const
  for (const [product, version, paths] of cases) {
    const folder = `${t.testdir({ state: {} })}/state/endorsements`
    const { chip, attester } = await fakeSnp(t, folder, product, version)
    const routes: Routes = {}
    for (const path of paths) {
      if (!path.includes(product)) continue
      const bytes = path.endsWith('/crl') ? chip.endorsements.crl! : chip.endorsements.leaf
      routes[path] = (response) => response.end(bytes)
    }
    const { url, asked } = await service(t, routes)
    await (await keeperOf(attester, folder, url)).gather(fakeNowMs)
    t.strictSame(asked.toSorted(), [...paths].toSorted(), `${product}, report v${version}`)
    writeFileSync(`${folder}/ask.der`, chip.endorsements.chain![0]!)
    writeFileSync(`${folder}/ark.der`, chip.endorsements.chain![1]!)
    const entry = { tee: 'sev-snp', measurement: [hash('ab')] }
    t.strictSame(await judged(attester, chip.roots, entry), [], 'and a client affirms')
  }
})

t.test('files of another platform do not stay', async (t) => {
  const folder = `${t.testdir({ state: {} })}/state/endorsements`
  mkdirSync(folder)
  for (const name of ['vcek.der', 'crl.der', 'tcb_info.json']) writeFileSync(`${folder}/${name}`, 'of before')
  const { attester } = await fakeSnp(t, folder, 'Genoa')
  const { log, events } = logged()
  await (await keeperOf(attester, folder, 'http://127.0.0.1:1', log)).gather(fakeNowMs)
  t.strictSame(readdirSync(folder), ['index.json'])
  t.strictSame(events, ['endorsements-missing leaf crl'])
  writeFileSync(`${folder}/vcek.der`, 'of this')
  await (await keeperOf(attester, folder, 'http://127.0.0.1:1')).gather(fakeNowMs)
  t.strictSame(readdirSync(folder), ['index.json', 'vcek.der'], 'those of this one do')
})

t.test(
  'the makers’ own services are the only ones that are asked without a word of the operator',
  async (t) => {
    const { attester } = await fakeTdx(t, t.testdir())
    const quote = (await attester.attest(new Uint8Array(64))).evidence.value
    const { attester: snp } = await fakeSnp(t, t.testdir(), 'Milan')
    const report = (await snp.attest(new Uint8Array(64))).evidence.value
    const sources = [
      ...endorsementSources('tdx', quote, makerServices),
      ...endorsementSources('dstack-tdx', quote, makerServices),
      ...endorsementSources('sev-snp', report, makerServices),
    ]
    const rules = makerRules(null)
    for (const url of sources.flatMap(({ urls }) => urls.map((each) => new URL(each)))) {
      const rule = rules.find(({ origin }) => origin === url.origin)
      t.ok(
        rule?.paths.some((path) => url.pathname.startsWith(path)),
        url.href,
      )
      t.equal(url.protocol, 'https:')
    }
    t.ok(rules.every(({ privateAllowed, methods }) => !privateAllowed && methods.join() === 'GET'))
    t.strictSame(endorsementSources('nitro', '', makerServices), [])
    const place = { stateFolder: '', endorsementFolder: null, endorsementUrl: null }
    const parts = { attester, childUser: null, log: logged().log }
    t.ok(EndorsementKeeper.of(place, parts))
    for (const tee of ['nitro', 'simulated'] as const) {
      t.equal(EndorsementKeeper.of(place, { ...parts, attester: { ...attester, tee } }), null)
    }
    t.equal(EndorsementKeeper.of({ ...place, endorsementFolder: '/own' }, parts), null, 'the operator’s own')
  },
)
