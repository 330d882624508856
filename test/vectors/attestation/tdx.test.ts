import t from 'tap'
import { fromHex, toHex, utf8 } from '../../../sdk/bytes.ts'
import { verifyDcap } from '../../../sdk/evidence/dcap.ts'
import { collateralOfDcap, type TdxCollateral } from '../../../sdk/evidence/tdx-collateral.ts'
import { verifyTdx, type TdxEvidence } from '../../../sdk/evidence/tdx.ts'
import { StepList } from '../../../sdk/evidence/verified.ts'
import {
  referenceBytes,
  referenceJson,
  referenceText,
  refusals,
  survivingFlips,
  unlessThere,
} from './reference.ts'

const file = (name: string): Uint8Array => referenceBytes(`tdx/${name}`)
const dcapCollateral = (name: string): TdxCollateral => collateralOfDcap(referenceJson(`tdx/${name}`))

/** Collateral of the TDX fixtures of 2026, put together out of its files. */
function collateral2026(fmspc: string): TdxCollateral {
  return {
    tcbInfo: file(`attestation-rs.tcb_info_${fmspc}.json`),
    tcbInfoIssuerChain: file('attestation-rs.tcb_signing_chain.pem'),
    qeIdentity: file('attestation-rs.td_qe_identity.json'),
    qeIdentityIssuerChain: file('attestation-rs.qe_identity_signing_chain.pem'),
    rootCaCrl: file('attestation-rs.root_ca_crl.der'),
    pckCrl: file('attestation-rs.pck_crl_platform.der'),
  }
}

const at2026Ms = Date.UTC(2026, 2, 20)

function td10(): TdxEvidence {
  return {
    quote: file('dcap-qvl.tdx_quote'),
    collateral: dcapCollateral('dcap-qvl.tdx_quote_collateral.json'),
  }
}

function td15(): TdxEvidence {
  return { quote: file('go-tdx-guest.quote_v5_sample.dat'), collateral: collateral2026('90c06f000000') }
}

t.test(
  'a TD 1.0 quote gives its expected result, and none outside its time',
  { skip: unlessThere },
  async (t) => {
    const want = referenceJson('tdx/expected.json')['dcap-qvl.tdx_quote + dcap-qvl.tdx_quote_collateral.json']
    const verified = await verifyTdx(td10(), { atMs: want.verify_at_unix * 1_000 })
    t.strictSame(refusals(verified.steps), [])
    t.equal(verified.tcbStatus, want.result.status)
    t.strictSame(verified.advisoryIds, want.result.advisory_ids)
    t.equal(verified.quote?.version, want.quote_version)
    t.equal(verified.td?.kind, want.type)
    for (const name of ['mr_td', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3', 'td_attributes']) {
      t.equal(verified.measurements[name], want[name], name)
    }
    t.equal(toHex(verified.reportData), want.report_data)

    const codesAt = async (time: string): Promise<readonly string[]> =>
      refusals((await verifyTdx(td10(), { atMs: Date.parse(time) })).steps)
    t.strictSame(await codesAt('2025-06-19T10:32:27Z'), [])
    t.strictSame(await codesAt('2025-06-19T10:32:26Z'), ['QE_IDENTITY_NOT_YET_VALID'])
    t.ok((await codesAt('2025-06-19T10:16:02Z')).includes('TCB_INFO_NOT_YET_VALID'))
    t.strictSame(await codesAt('2025-07-19T10:00:35Z'), [])
    t.strictSame(await codesAt('2025-07-19T10:00:36Z'), ['CRL_EXPIRED'])
    t.ok((await codesAt('2025-07-19T10:16:04Z')).includes('TCB_INFO_EXPIRED'))
    t.ok((await codesAt('2026-11-23T00:00:00Z')).includes('CRL_EXPIRED'))
    t.ok((await codesAt('2018-01-01T00:00:00Z')).length > 0)
  },
)

t.test('an SGX quote gives its expected result, and is no TD', { skip: unlessThere }, async (t) => {
  const want = referenceJson('tdx/expected.json')['dcap-qvl.sgx_quote + dcap-qvl.sgx_quote_collateral.json']
  const collateral = dcapCollateral('dcap-qvl.sgx_quote_collateral.json')
  const options = {
    atMs: want.verify_at_unix * 1_000,
    tcbStatus: [want.result.status as string],
    allowedAdvisories: want.result.advisory_ids as string[],
  }
  const list = new StepList()
  const result = await verifyDcap(file('dcap-qvl.sgx_quote'), collateral, options, list)
  t.strictSame(refusals(list.steps), [])
  t.equal(result.tcbStatus, want.result.status)
  t.strictSame(result.advisoryIds.toSorted(), want.result.advisory_ids.toSorted())
  const body = result.quote!.body
  if (body.kind !== 'sgx') return t.fail('it is one of SGX')
  t.equal(toHex(body.mrEnclave), want.mr_enclave)
  t.equal(toHex(body.reportData), want.report_data)

  const strict = new StepList()
  await verifyDcap(file('dcap-qvl.sgx_quote'), collateral, { atMs: options.atMs }, strict)
  t.strictSame(refusals(strict.steps), ['TCB_STATUS_NOT_ACCEPTED', 'ADVISORY_NOT_ALLOWED'])
  const early = new StepList()
  await verifyDcap(
    file('dcap-qvl.sgx_quote'),
    collateral,
    { ...options, atMs: Date.parse('2025-06-19T10:56:10Z') },
    early,
  )
  t.not(refusals(early.steps).length, 0)
  t.ok(
    refusals((await verifyTdx({ quote: file('dcap-qvl.sgx_quote'), collateral }, options)).steps).includes(
      'QUOTE_INVALID',
    ),
  )
})

t.test('a TD 1.5 quote gives its expected result', { skip: unlessThere }, async (t) => {
  const verified = await verifyTdx(td15(), { atMs: at2026Ms })
  t.strictSame(refusals(verified.steps), [])
  t.equal(verified.tcbStatus, 'UpToDate')
  t.equal(verified.td?.kind, 'td15')
  t.equal(verified.tcbEvaluation, 18)
  const newer = await verifyTdx(td15(), { atMs: at2026Ms, minTcbEvaluation: 19 })
  t.strictSame(refusals(newer.steps), ['TCB_TOO_OLD'])
  t.not(refusals((await verifyTdx(td15(), { atMs: Date.UTC(2026, 4, 1) })).steps).length, 0)
  t.not(refusals((await verifyTdx(td15(), { atMs: Date.UTC(2026, 1, 1) })).steps).length, 0)
})

t.test(
  'quotes that are genuine and not good enough are refused for what they are',
  { skip: unlessThere },
  async (t) => {
    const outdated = await verifyTdx(
      {
        quote: file('dcap-qvl.tdx_quote_outdated'),
        collateral: dcapCollateral('dcap-qvl.tdx_quote_outdated_collateral.json'),
      },
      { atMs: 1_771_415_931_000 },
    )
    t.strictSame(refusals(outdated.steps), ['TCB_LEVEL_UNKNOWN'])
    t.equal(outdated.measurements['mr_td']?.slice(0, 8), '273828c4')

    const options = { atMs: at2026Ms, tcbStatus: ['UpToDate', 'OutOfDate'] }
    const debug = {
      quote: file('attestation-rs.tdx_quote_4.dat'),
      collateral: collateral2026('50806f000000'),
    }
    t.strictSame(refusals((await verifyTdx(debug, options)).steps), ['ADVISORY_NOT_ALLOWED', 'DEBUG_ENABLED'])

    const old = {
      quote: file('go-tdx-guest.tdx_prod_quote_SPR_E4.dat'),
      collateral: collateral2026('50806f000000'),
    }
    t.strictSame(refusals((await verifyTdx(old, options)).steps), [
      'QUOTE_INVALID',
      'TCB_LEVEL_UNKNOWN',
      'SEPT_VE_ENABLED',
    ])
    const cut = { ...old, quote: old.quote.subarray(0, 4_935) }
    t.strictSame(refusals((await verifyTdx(cut, options)).steps), ['TCB_LEVEL_UNKNOWN', 'SEPT_VE_ENABLED'])
  },
)

t.test(
  'quotes without collateral of theirs are read, and their own signatures hold',
  { skip: unlessThere },
  async (t) => {
    const quotes = [
      file('attestation-rs.tdx_quote_5.dat'),
      file('attestation-rs.tdx_quote_live.dat'),
      file('go-tdx-guest.cos-113-tdx-quote.dat'),
      ...['dcap-qvl.quote-from-tappd.hex', 'dcap-qvl.tdx-quote.hex'].map((name) =>
        fromHex(referenceText(`tdx/${name}`).trim().replace(/^0x/, '')),
      ),
    ]
    for (const quote of quotes) {
      const { steps } = await verifyTdx(
        { quote, collateral: collateral2026('50806f000000') },
        { atMs: at2026Ms },
      )
      const held = steps.filter(({ status }) => status === 'affirming').map(({ name }) => name)
      t.strictSame(held.slice(0, 3), ['quote', 'quote signature', 'attestation key'])
      t.not(refusals(steps).length, 0)
    }
  },
)

t.test('no flipped byte of quote or collateral passes', { skip: unlessThere }, async (t) => {
  let flips = 0
  for (const [name, good, atMs] of [
    ['TD 1.0', td10(), 1_750_332_747_000],
    ['TD 1.5', td15(), at2026Ms],
  ] as const) {
    const parts: readonly (readonly [string, Uint8Array, number, (bytes: Uint8Array) => TdxEvidence])[] = [
      ['quote', good.quote, 19, (quote) => ({ ...good, quote })],
      ...(Object.entries(good.collateral) as [keyof TdxCollateral, Uint8Array][]).map(
        ([member, bytes]) =>
          [
            member,
            bytes,
            41,
            (flipped: Uint8Array) => ({ ...good, collateral: { ...good.collateral, [member]: flipped } }),
          ] as const,
      ),
    ]
    for (const [part, bytes, stride, evidenceOf] of parts) {
      const { tried, survived } = await survivingFlips(
        bytes,
        stride,
        async (flipped) => (await verifyTdx(evidenceOf(flipped), { atMs })).steps,
      )
      flips += tried
      t.strictSame(survived, [], `${name}: ${part}, ${tried} flips`)
    }
  }
  t.comment(`${flips} flips refused`)
})

t.test(
  'revocation lists that are empty, garbage, cut off, swapped or of another time are refused',
  { skip: unlessThere },
  async (t) => {
    const good = td10()
    const { collateral } = good
    const codes = async (changed: Partial<TdxCollateral>): Promise<readonly string[]> =>
      refusals(
        (await verifyTdx({ ...good, collateral: { ...collateral, ...changed } }, { atMs: 1_750_332_747_000 }))
          .steps,
      )
    for (const member of ['rootCaCrl', 'pckCrl'] as const) {
      const bytes = collateral[member]
      for (const bad of [
        new Uint8Array(),
        utf8('garbage'),
        new Uint8Array(64),
        bytes.subarray(0, -1),
        Uint8Array.from([...bytes, 0]),
      ]) {
        t.match(await codes({ [member]: bad }), [/^(CRL|DER)_INVALID$/], `${member}: ${bad.length} bytes`)
      }
    }
    t.strictSame(await codes({ rootCaCrl: collateral.pckCrl }), ['CRL_INVALID'])
    t.strictSame(await codes({ pckCrl: collateral.rootCaCrl }), ['CRL_INVALID'])
    t.strictSame(await codes({ pckCrl: file('go-tdx-guest.pckcrl') }), ['CRL_EXPIRED'])
    t.strictSame(await codes({ pckCrl: file('attestation-rs.pck_crl_platform.der') }), ['CRL_NOT_YET_VALID'])
    t.strictSame(await codes({ tcbInfo: file('attestation-rs.tcb_info_90c06f000000.json') }), [
      'TCB_INFO_NOT_YET_VALID',
    ])
    t.strictSame(await codes({ qeIdentity: collateral.tcbInfo }), ['QE_IDENTITY_INVALID'])
  },
)
