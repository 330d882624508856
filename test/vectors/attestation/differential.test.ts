import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { collateralOfDcap } from '../../../sdk/evidence/tdx-collateral.ts'
import { verifyTdx } from '../../../sdk/evidence/tdx.ts'
import { referenceBytes, referenceJson, unlessThere } from './reference.ts'

/**
 * Another verifier of the same quotes, written by others in another language: where both speak they must agree. It
 * is more lenient (advisories, statuses and what stands behind a quote are not its business), so it may hold what
 * ours refuses for a reason of its own, but never the other way about.
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

t.test('agrees with the wasm DCAP verifier', { skip }, async (t) => {
  const other = loaded!
  const everyStatus = [
    'SWHardeningNeeded',
    'ConfigurationNeeded',
    'ConfigurationAndSWHardeningNeeded',
    'OutOfDate',
    'OutOfDateConfigurationNeeded',
    'UpToDate',
  ]
  let stricter = 0
  let tried = 0
  for (const [name, atMs] of [
    ['tdx_quote', 1_750_332_747_000],
    ['tdx_quote_outdated', 1_771_415_931_000],
  ] as const) {
    const quote = referenceBytes(`tdx/dcap-qvl.${name}`)
    const json = referenceJson(`tdx/dcap-qvl.${name}_collateral.json`)
    const ours = async (
      bytes: Uint8Array,
      collateral: Record<string, unknown>,
      at: number,
    ): Promise<string | null> => {
      const verified = await verifyTdx(
        { quote: bytes, collateral: collateralOfDcap(collateral) },
        { atMs: at, tcbStatus: everyStatus, allowedAdvisories: json['allowed'] ?? [] },
      )
      if (verified.steps.some(({ status }) => status !== 'affirming')) return null
      return [verified.tcbStatus, ...verified.advisoryIds.toSorted()].join()
    }
    t.equal(await ours(quote, json, atMs), otherSays(other, quote, json, atMs), name)
    const day = 86_400_000
    for (const days of [-400, -1, 1, 40]) {
      const [mine, theirs] = [
        await ours(quote, json, atMs + days * day),
        otherSays(other, quote, json, atMs + days * day),
      ]
      // It does not look at issue dates.
      if (days > 0 || theirs === null) t.equal(mine, theirs, `${name}, ${days} days`)
      else t.equal(mine, null, `${name}, ${days} days`)
    }
    for (let at = 0; at < quote.length; at += 29) {
      const flipped = quote.with(at, quote[at]! ^ 1)
      const mine = await ours(flipped, json, atMs)
      const theirs = otherSays(other, flipped, json, atMs)
      tried += 1
      if (mine === null && theirs !== null) stricter += 1
      if (mine !== null && mine !== theirs) t.fail(`byte ${at}: ours ${mine}, theirs ${theirs}`)
    }
  }
  t.comment(`${tried} changed quotes, ours stricter on ${stricter}`)
})
