import t from 'tap'
import { fromHex, utf8 } from '../../../sdk/bytes.ts'
import { readDcapQuote } from '../../../sdk/evidence/dcap-quote.ts'
import { proveImage } from '../../../sdk/evidence/dstack-image.ts'
import { verifyDstack, type DstackEvidence } from '../../../sdk/evidence/dstack.ts'
import { checkRegisters, readEventLog } from '../../../sdk/evidence/rtmr.ts'
import { judgeUnpinnedWorkload, judgeWorkload } from '../../../sdk/evidence/workload.ts'
import { makeFakeDstack, type FakeDstackChanges } from './fake-dstack.ts'
import { fakeNowMs } from './pki.ts'
import { referenceBytes, referenceJson, refusals, unlessThere } from './reference.ts'

const atMs = Date.UTC(2026, 2, 20)

function last(text: string): string {
  return `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`
}

const file = (name: string): Uint8Array => referenceBytes(`tdx/${name}`)

/** A dstack guest on a platform of the very kind that the collateral of 2026 is for. */
function report(): DstackEvidence {
  return evidenceOf('dstack-verifier.quote-report.json')
}

function evidenceOf(name: string): DstackEvidence {
  const { quote, event_log, vm_config } = referenceJson(`tdx/${name}`)
  return {
    quote: fromHex(quote),
    eventLog: utf8(event_log),
    vmConfig: utf8(vm_config),
    collateral: {
      tcbInfo: file('attestation-rs.tcb_info_90c06f000000.json'),
      tcbInfoIssuerChain: file('attestation-rs.tcb_signing_chain.pem'),
      qeIdentity: file('attestation-rs.td_qe_identity.json'),
      qeIdentityIssuerChain: file('attestation-rs.qe_identity_signing_chain.pem'),
      rootCaCrl: file('attestation-rs.root_ca_crl.der'),
      pckCrl: file('attestation-rs.pck_crl_platform.der'),
    },
  }
}

t.test(
  'the event log leads to the registers, and names the application',
  { skip: unlessThere },
  async (t) => {
    const verified = await verifyDstack(report(), { atMs })
    t.strictSame(
      refusals(verified.steps),
      ['WORKLOAD_UNBOUND'],
      'this image carries no measurements of its own',
    )
    const { compose_hash, app_id, key_provider, os_image_hash, mr_td, rtmr1, rtmr2 } = verified.measurements
    t.equal(compose_hash, '3763bc34552cf3a27ff71ad5f7a90471562a1a2df552dfc1998cba2d60da27e7')
    t.equal(app_id, '3763bc34552cf3a27ff71ad5f7a90471562a1a2d')
    t.match(key_provider, /^local-sgx:1b7a4937/)
    t.equal(os_image_hash, undefined, 'what is not proven is not shown')
    t.equal(judgeWorkload(verified, new Set(['compose_hash', 'os_image_hash'])).code, 'WORKLOAD_UNBOUND')

    const knownImages = [{ os_image_hash: 'ab', mr_td: mr_td!, rtmr1: rtmr1!, rtmr2: rtmr2! }]
    const known = await verifyDstack(report(), { atMs, knownImages })
    t.strictSame(refusals(known.steps), [])
    t.equal(judgeWorkload(known, new Set(['compose_hash', 'os_image_hash'])).status, 'affirming')
    t.equal(judgeWorkload(known, new Set(['compose_hash'])).code, 'WORKLOAD_UNBOUND')
  },
)

t.test('an OS image proves itself by its measurements', { skip: unlessThere }, async (t) => {
  const evidence = evidenceOf('dstack-verifier.tdx-lite-getquote.json')
  const verified = await verifyDstack(evidence, { atMs })
  // Its platform's certificate is younger than the collateral there is.
  t.strictSame(refusals(verified.steps), ['CERTIFICATE_NOT_YET_VALID'])
  t.ok(verified.imageProven)
  t.equal(
    verified.measurements['os_image_hash'],
    'e6f5cfec20c02e7b97baa213d0f718020b55e040172d90ccbcb946d56c8b09db',
  )
  t.equal(judgeUnpinnedWorkload(verified).status, 'affirming')

  const config = referenceJson('tdx/dstack-verifier.tdx-lite-getquote.json')['vm_config'] as string
  const measurement = JSON.parse(config).tdx_measurement.measurement as string
  for (const [what, changed] of [
    ['another hash', config.replace('e6f5cfec', 'e6f5cfed')],
    ['another document', config.replace(measurement, measurement.replace('Z0', 'Z1'))],
    ['no document', config.replace('"measurement":', '"other":')],
    ['no JSON', config.slice(1)],
  ] as const) {
    const { steps } = await verifyDstack({ ...evidence, vmConfig: utf8(changed) }, { atMs })
    t.ok(refusals(steps).includes('OS_IMAGE_MISMATCH'), what)
  }
  const other = readDcapQuote(report().quote).body
  if (other.kind !== 'sgx')
    await t.rejects(proveImage(evidence.vmConfig, other), { code: 'OS_IMAGE_MISMATCH' })
})

t.test('no changed, added, dropped or moved event passes', { skip: unlessThere }, async (t) => {
  const evidence = report()
  const { body } = readDcapQuote(evidence.quote)
  if (body.kind === 'sgx') return t.fail('it is a TD')
  const events = JSON.parse(new TextDecoder().decode(evidence.eventLog)) as Record<string, any>[]
  const passes = async (changed: unknown): Promise<boolean> => {
    try {
      await checkRegisters(await readEventLog(utf8(JSON.stringify(changed))), body.rtmr)
      return true
    } catch {
      return false
    }
  }
  t.ok(await passes(events))
  let tried = 0
  for (const [index, event] of events.entries()) {
    const changes: Record<string, unknown>[] = [{ ...event, digest: last(event['digest']) }]
    if (event['imr'] === 3) {
      changes.push({ ...event, event: `${event['event']}x` })
      changes.push({ ...event, event_payload: `${event['event_payload']}00` })
      changes.push({ ...event, event_type: event['event_type'] + 1, digest: last(event['digest']) })
      changes.push({ ...event, version: 2 })
    }
    for (const change of changes) {
      tried += 1
      t.notOk(await passes(events.with(index, change)), `event ${index} changed`)
    }
    t.notOk(await passes(events.toSpliced(index, 1)), `event ${index} dropped`)
    t.notOk(await passes(events.toSpliced(index, 0, event)), `event ${index} twice`)
    tried += 2
  }
  for (let index = 0; index + 1 < events.length; index += 1) {
    const [one, two] = [events[index]!, events[index + 1]!]
    if (one['imr'] !== two['imr'] || one['digest'] === two['digest']) continue
    tried += 1
    t.notOk(
      await passes(events.with(index, two).with(index + 1, one)),
      `events ${index} and ${index + 1} swapped`,
    )
  }
  t.comment(`${tried} changed logs refused`)
  t.ok(await passes(events.filter(({ imr }) => imr === 3)), 'the log of the last register alone is enough')
  t.notOk(await passes(events.filter(({ imr }) => imr !== 3)))
  t.notOk(await passes([]))
})

t.test('a flipped byte in the events of the last register never passes', { skip: unlessThere }, async (t) => {
  const evidence = report()
  const { body } = readDcapQuote(evidence.quote)
  if (body.kind === 'sgx') return t.fail('it is a TD')
  const all = JSON.parse(new TextDecoder().decode(evidence.eventLog)) as Record<string, unknown>[]
  const bytes = utf8(JSON.stringify(all.filter((event) => event['imr'] === 3)))
  const survived: number[] = []
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Uint8Array.from(bytes)
    flipped[at]! ^= [0x01, 0xff, 0x80, 0x20, 0x10][at % 5]!
    try {
      await checkRegisters(await readEventLog(flipped), body.rtmr)
      survived.push(at)
    } catch {}
  }
  t.strictSame(survived, [])
  t.comment(`${bytes.length} flips refused`)
})

async function fakeCodes(changes: FakeDstackChanges): Promise<readonly string[]> {
  const { roots, evidence } = await makeFakeDstack(changes)
  return refusals((await verifyDstack(evidence, { atMs: fakeNowMs, roots })).steps)
}

t.test('a faked guest holds, with one thing wrong each it does not', async (t) => {
  const { roots, evidence, composeHash, osImageHash } = await makeFakeDstack()
  const verified = await verifyDstack(evidence, { atMs: fakeNowMs, roots })
  t.strictSame(refusals(verified.steps), [])
  t.equal(verified.measurements['compose_hash'], composeHash)
  t.equal(verified.measurements['os_image_hash'], osImageHash)
  t.equal(verified.measurements['key_provider'], 'kms:3059')
  t.equal(judgeWorkload(verified, new Set(['compose_hash', 'os_image_hash'])).status, 'affirming')

  const log = ['EVENT_LOG_INVALID']
  const own = { event: 'my-event', payload: new Uint8Array(5) }
  t.strictSame(await fakeCodes({ appEvents: [own, own] }), [], 'an application may add its own')
  const forged = { event: 'compose-hash', payload: new Uint8Array(32).fill(9) }
  t.strictSame(await fakeCodes({ appEvents: [forged] }), log, 'a second compose hash')
  t.strictSame(await fakeCodes({ without: ['compose-hash'] }), log, 'none')
  t.strictSame(await fakeCodes({ composeHash: new Uint8Array(31) }), log, 'one that is too short')
  t.strictSame(await fakeCodes({ appEvents: [{ ...forged, event: 'key-provider' }] }), log)
  t.strictSame(
    await fakeCodes({ mrConfigId: `01${'c0'.repeat(32)}${'00'.repeat(15)}` }),
    [],
    'started for this one',
  )
  t.strictSame(
    await fakeCodes({ mrConfigId: `01${'c1'.repeat(32)}${'00'.repeat(15)}` }),
    log,
    'started for another one',
  )
  const image = ['OS_IMAGE_MISMATCH']
  t.strictSame(await fakeCodes({ documentKernel: new Uint8Array(48).fill(8) }), image)
  t.strictSame(await fakeCodes({ documentKernel: new Uint8Array(47) }), image)
  t.strictSame(await fakeCodes({ mrTd: 'aa'.repeat(48) }), image, 'another firmware')
  t.strictSame(await fakeCodes({ tdAttributes: '0100001000000000' }), ['DEBUG_ENABLED'])
  const none = await verifyDstack({ ...evidence, vmConfig: utf8('{}') }, { atMs: fakeNowMs, roots })
  t.strictSame(refusals(none.steps), ['WORKLOAD_UNBOUND'])
})

t.test('hostile logs are refused, whatever they are', async (t) => {
  const event = { imr: 3, event_type: 134_217_729, digest: '', event: 'x', event_payload: '' }
  for (const log of [
    'null',
    '{}',
    '[1]',
    '[[]]',
    '['.repeat(10_000),
    JSON.stringify([{ ...event, imr: 4 }]),
    JSON.stringify([{ ...event, event_type: -1 }]),
    JSON.stringify([{ ...event, event_payload: 'AB' }]),
    JSON.stringify([{ ...event, event_payload: 'abc' }]),
    JSON.stringify([{ ...event, digest: 'ab' }]),
    JSON.stringify([{ ...event, event_type: 1 }]),
    JSON.stringify([{ ...event, more: 1 }]),
    JSON.stringify(Array.from({ length: 2_000 }, () => event)),
  ]) {
    await t.rejects(readEventLog(utf8(log)), { code: 'EVENT_LOG_INVALID' }, log.slice(0, 60))
  }
})
