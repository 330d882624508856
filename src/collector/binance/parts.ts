import {
  InputError,
  parseJson,
  readInteger,
  readNullable,
  readObject,
  readRecord,
  readString,
} from '@perf-agg/sdk'
import type { Anchor, MarketType, Observation } from '../../accounting/observation.ts'
import { limits } from '../../limits.ts'
import type { Polled } from '../adapter.ts'
import { sumOf } from '../holding.ts'

/**
 * An account of which several wallets are watched: each is polled by its own ledger and keeps its own place, and all
 * together make one observation, with the balances of one instant.
 */

/** Where each wallet's last poll stood; null is one that was never polled. */
export type Cursors = Readonly<Record<MarketType, string | null>>

const none: Cursors = { spot: null, margin: null, linear: null, inverse: null }

/** The reads of several wallets make one of balances only where they lie so near to each other. */
const spreadMsMax = 2_000

/** @throws {InputError} */
export function parseCursors(text: string | null): Cursors {
  if (text === null) return none
  const value = parseJson(text, { bytesMax: limits.collector.cursorBytesMax, depthMax: 8 })
  // a session of spot alone keeps spot's own
  if (typeof value !== 'object' || value === null || !('wallets' in value)) return { ...none, spot: text }
  const cursor = readObject(value, 'cursor', { required: ['version', 'wallets'] })
  const wallets = readObject(cursor.wallets, 'cursor.wallets', {
    required: ['spot', 'margin', 'linear', 'inverse'],
  })
  const one = (part: unknown, path: string): string | null =>
    readNullable(part, path, (each, at) => readString(each, at, { max: limits.collector.cursorBytesMax }))
  return {
    spot: one(wallets.spot, 'cursor.wallets.spot'),
    margin: one(wallets.margin, 'cursor.wallets.margin'),
    linear: one(wallets.linear, 'cursor.wallets.linear'),
    inverse: one(wallets.inverse, 'cursor.wallets.inverse'),
  }
}

/** From when on a wallet's history is told: of one that joined, from then on, whatever the others'. @throws {InputError} */
export function floorOf(cursor: string): number {
  const value = parseJson(cursor, { bytesMax: limits.collector.cursorBytesMax, depthMax: 8 })
  return readInteger(readRecord(value, 'cursor')['floorMs'], 'cursor.floorMs', { min: 0 })
}

/** @throws {InputError} CURSOR_TOO_LARGE */
export function writeCursors(wallets: Cursors): string {
  const text = JSON.stringify({ version: 1, wallets })
  if (text.length > limits.collector.cursorBytesMax)
    throw new InputError('CURSOR_TOO_LARGE', 'a cursor is too long')
  return text
}

/** One observation of all wallets. */
export function joined(parts: readonly Polled[]): Observation {
  const observations = parts.map(({ observation }) => observation)
  const [first] = observations
  if (first === undefined) throw new RangeError('nothing was polled')
  if (observations.length === 1) return first
  const anchor = anchorOf(observations)
  const lost = observations.flatMap((each) => each.lost ?? [])
  return {
    begunAtMs: Math.min(...observations.map(({ begunAtMs }) => begunAtMs)),
    complete: anchor !== null && observations.every(({ complete }) => complete),
    fills: inOrder(observations.flatMap(({ fills }) => fills)),
    flows: inOrder(observations.flatMap(({ flows }) => flows)),
    conversions: inOrder(observations.flatMap(({ conversions }) => conversions)),
    incomes: inOrder(observations.flatMap(({ incomes }) => incomes)),
    anchor,
    unavailable: [...new Set(observations.flatMap(({ unavailable }) => unavailable))].toSorted(),
    lost:
      lost.length === 0
        ? null
        : {
            fromMs: Math.min(...lost.map(({ fromMs }) => fromMs)),
            toMs: Math.max(...lost.map(({ toMs }) => toMs)),
          },
  }
}

/** Balances of all wallets at the latest of their reads: no wallet's changed between its own and that one. */
function anchorOf(observations: readonly Observation[]): Anchor | null {
  const anchors = observations.flatMap((observation) =>
    observation.anchor === null ? [] : [{ observation, anchor: observation.anchor }],
  )
  if (anchors.length < observations.length) return null
  const atMs = Math.max(...anchors.map(({ anchor }) => anchor.atMs))
  for (const { observation, anchor } of anchors) {
    const { fills, flows, conversions, incomes } = observation
    const isBetween = (row: { readonly atMs: number }): boolean => row.atMs > anchor.atMs && row.atMs <= atMs
    if (atMs - anchor.atMs > spreadMsMax) return null
    if ([...fills, ...flows, ...conversions, ...incomes].some(isBetween)) return null
  }
  const positions = anchors.flatMap(({ anchor }) => anchor.positions ?? [])
  return {
    atMs,
    balances: sumOf(anchors.flatMap(({ anchor }) => anchor.balances)),
    ...(positions.length === 0 ? {} : { positions }),
  }
}

function inOrder<Each extends { readonly atMs: number }>(rows: readonly Each[]): Each[] {
  return rows.toSorted((a, b) => a.atMs - b.atMs)
}
