import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { verifyDcap } from '../../../sdk/evidence/dcap.ts'
import { collateralOfDcap } from '../../../sdk/evidence/tdx-collateral.ts'
import { verifyTdx } from '../../../sdk/evidence/tdx.ts'
import { StepList } from '../../../sdk/evidence/verified.ts'
import { fromHex, toHex } from '../../../sdk/bytes.ts'
import { referenceBytes, referenceJson, referenceText, unlessThere } from './reference.ts'

/**
 * Another verifier of the same quotes, written by others in another language: where both speak they must agree. It
 * is more lenient (advisories, statuses and what stands behind a quote are not its business), so it may hold what
 * ours refuses for a reason of its own, but never the other way about. It reads quotes of version 3 and 4, not of 5.
 */
const packageName = '@phala/dcap-qvl-web'

interface Other {
  readonly initSync: (options: { module: Uint8Array }) => unknown
  readonly js_verify: (
    quote: Uint8Array,
    collateral: unknown,
    nowS: bigint,
  ) => { status: string; advisory_ids: string[] }
}

async function loadOther(): Promise<Other | null> {
  try {
    const path = createRequire(import.meta.url).resolve(packageName)
    const other = (await import(path)) as Other
    other.initSync({ module: new Uint8Array(readFileSync(path.replace(/\.js$/, '_bg.wasm'))) })
    return other
  } catch {
    return null
  }
}

const loaded = unlessThere === false ? await loadOther() : null
const skip =
  unlessThere === false ? (loaded === null ? `${packageName} is not installed` : false) : unlessThere

function otherSays(other: Other, quote: Uint8Array, collateral: unknown, atMs: number): string | null {
  try {
    const { status, advisory_ids: ids } = other.js_verify(quote, collateral, BigInt(Math.floor(atMs / 1_000)))
    return [status, ...ids.toSorted()].join()
  } catch {
    return null
  }
}

/** Collateral as DCAP libraries exchange it. */
type DcapJson = Readonly<Record<string, string>>

/** A document as it stands in the response body, and its signature. */
function signedOf(body: string): [text: string, signature: string] {
  return [
    body.slice(body.indexOf(':') + 1, body.lastIndexOf(',"signature"')),
    (JSON.parse(body) as { signature: string }).signature,
  ]
}

/** The documents of 2026 in that form. */
function collateral2026(fmspc: string, quote: Uint8Array): DcapJson {
  const [info, infoSignature] = signedOf(referenceText(`tdx/attestation-rs.tcb_info_${fmspc}.json`))
  const [identity, identitySignature] = signedOf(referenceText('tdx/attestation-rs.td_qe_identity.json'))
  // the authority of the quote's own chain, and the root above it
  const chain = Buffer.from(quote).toString('latin1').split('-----BEGIN CERTIFICATE-----').slice(2)
  return {
    tcb_info: info,
    tcb_info_signature: infoSignature,
    tcb_info_issuer_chain: referenceText('tdx/attestation-rs.tcb_signing_chain.pem'),
    qe_identity: identity,
    qe_identity_signature: identitySignature,
    qe_identity_issuer_chain: referenceText('tdx/attestation-rs.qe_identity_signing_chain.pem'),
    root_ca_crl: toHex(referenceBytes('tdx/attestation-rs.root_ca_crl.der')),
    pck_crl: toHex(referenceBytes('tdx/attestation-rs.pck_crl_platform.der')),
    pck_crl_issuer_chain: chain
      .map(
        (each) =>
          `-----BEGIN CERTIFICATE-----${each.replace(/END CERTIFICATE-----[^]*$/, 'END CERTIFICATE-----\n')}`,
      )
      .join(''),
  }
}

interface Case {
  readonly name: string
  readonly atMs: number
  readonly quote: Uint8Array
  readonly collateral: DcapJson
  /** What both say; null: neither takes it. */
  readonly both: string | null
}

function own(name: string, atMs: number, both: string | null): Case {
  const quote = referenceBytes(`tdx/dcap-qvl.${name}`)
  return { name, atMs, quote, collateral: referenceJson(`tdx/dcap-qvl.${name}_collateral.json`), both }
}

function of2026(name: string, fmspc: string, both: string | null): Case {
  const quote = name.endsWith('.hex')
    ? fromHex(referenceText(`tdx/${name}`).trim().replace(/^0x/, ''))
    : referenceBytes(`tdx/${name}`)
  return { name, atMs: Date.UTC(2026, 2, 20), quote, collateral: collateral2026(fmspc, quote), both }
}

function cases(): readonly Case[] {
  return [
    own('tdx_quote', 1_750_332_747_000, 'UpToDate'),
    own('sgx_quote', 1_750_334_171_000, 'ConfigurationAndSWHardeningNeeded,INTEL-SA-00289,INTEL-SA-00615'),
    // in debug mode; SEPT_VE_DISABLE off; and two whose platform the documents are not of
    of2026('attestation-rs.tdx_quote_4.dat', '50806f000000', null),
    of2026('go-tdx-guest.tdx_prod_quote_SPR_E4.dat', '50806f000000', null),
    of2026('go-tdx-guest.cos-113-tdx-quote.dat', '50806f000000', null),
    of2026('dcap-qvl.tdx-quote.hex', '90c06f000000', null),
  ]
}

const everyStatus = [
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'UpToDate',
]

/** What both look at: any status and advisory is well. */
async function oursSays(quote: Uint8Array, collateral: DcapJson, atMs: number): Promise<string | null> {
  const list = new StepList()
  const options = { atMs, tcbStatus: everyStatus }
  try {
    const taken = collateralOfDcap(collateral)
    const isSgx = quote[4] === 0
    const result = isSgx
      ? { ...(await verifyDcap(quote, taken, options, list)), steps: list.steps }
      : await verifyTdx({ quote, collateral: taken }, options)
    const refused = result.steps.filter(({ status, name }) => status !== 'affirming' && name !== 'advisories')
    return refused.length > 0 ? null : [result.tcbStatus, ...result.advisoryIds.toSorted()].join()
  } catch {
    return null
  }
}

t.test('agrees with the wasm DCAP verifier on genuine quotes', { skip }, async (t) => {
  const day = 86_400_000
  for (const { name, atMs, quote, collateral, both } of cases()) {
    t.equal(otherSays(loaded!, quote, collateral, atMs), both, `${name}: theirs`)
    t.equal(await oursSays(quote, collateral, atMs), both, `${name}: ours`)
    for (const days of [-3_000, -400, -1, 1, 40, 4_000]) {
      const at = atMs + days * day
      const mine = await oursSays(quote, collateral, at)
      const theirs = otherSays(loaded!, quote, collateral, at)
      // It does not look at issue dates.
      if (days > 0 || theirs === null) t.equal(mine, theirs, `${name}, ${days} days`)
      else t.equal(mine, null, `${name}, ${days} days`)
    }
  }
})

t.test('what it refuses of changed quotes and collateral, ours refuses', { skip }, async (t) => {
  let tried = 0
  let stricter = 0
  const compare = async (
    what: string,
    quote: Uint8Array,
    collateral: DcapJson,
    atMs: number,
  ): Promise<void> => {
    const [mine, theirs] = [
      await oursSays(quote, collateral, atMs),
      otherSays(loaded!, quote, collateral, atMs),
    ]
    tried += 1
    if (mine === null && theirs !== null) stricter += 1
    if (mine !== null && mine !== theirs) t.fail(`${what}: ours ${mine}, theirs ${theirs}`)
  }
  for (const { name, atMs, quote, collateral, both } of cases()) {
    if (both === null) continue
    for (let at = 0; at < quote.length; at += 61) {
      await compare(`${name}, byte ${at}`, quote.with(at, quote[at]! ^ 1), collateral, atMs)
    }
    for (const [member, text] of Object.entries(collateral)) {
      for (let at = 0; at < text.length; at += Math.ceil(text.length / 17)) {
        // another character of the same kind: hex stays hex, base64 stays base64, a digit a digit
        const changed = text[at] === '0' ? '1' : /[0-9]/.test(text[at]!) ? '0' : text[at] === 'a' ? 'b' : 'a'
        const forged = `${text.slice(0, at)}${changed}${text.slice(at + 1)}`
        await compare(`${name}, ${member} ${at}`, quote, { ...collateral, [member]: forged }, atMs)
      }
    }
  }
  const good = cases().filter(({ both }) => both !== null)
  for (const one of good) {
    for (const other of good) {
      if (one === other) continue
      for (const member of Object.keys(one.collateral)) {
        const mixed = { ...one.collateral, [member]: other.collateral[member]! }
        await compare(`${one.name} with ${member} of ${other.name}`, one.quote, mixed, one.atMs)
      }
    }
  }
  t.ok(tried > 400, 'changes were tried')
  t.comment(`${tried} changes, none taken by ours that it refuses; ours stricter on ${stricter}`)
})
