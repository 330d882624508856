import { type Decimal, hourMs, hourOf, minuteMs, parseDecimal } from '@perf-agg/sdk'
import type {
  Amount,
  Anchor,
  CashFlow,
  Conversion,
  Fill,
  Income,
  Observation,
  Position,
} from '../accounting/observation.ts'
import { accruedSince } from './accrued.ts'
import type { Polled, PollWants } from './adapter.ts'
import {
  type Base,
  type Entry,
  type Explanation,
  entryOfIncome,
  explain,
  type Residual,
  sameBalances,
} from './explain.ts'
import { amountsOf, cashOf } from './holding.ts'
import {
  firstLedgerCursor,
  type LedgerCursor,
  parseLedgerCursor,
  writeLedgerCursor,
} from './ledger-cursor.ts'

/** What an exchange told of an account for a span of time. */
export interface Reading {
  readonly fills: readonly Fill[]
  readonly flows: readonly CashFlow[]
  readonly conversions: readonly Conversion[]
  readonly incomes: readonly Income[]
  /** Every line of the ledger as it moved a balance, those that nobody can name too. */
  readonly entries: readonly Entry[]
  /** One list shows what another does not yet. */
  readonly pending: boolean
  /** Read until then; null: to the end. */
  readonly cutAtMs: number | null
}

/** An account at an exchange that keeps one ledger of all its balance changes, whatever the market. */
export interface LedgerSource {
  /** What is held, zeros left out, sorted by asset. */
  balances(): Promise<readonly Amount[]>
  /** Every open position; absent where contracts are not watched. The entries of a reading must lead to them as well. */
  positions?(): Promise<readonly Position[]>
  /**
   * Interest owed and not yet charged when the balances were last read, > 0; it is taken off them already. Absent where
   * nothing is lent.
   */
  accrued?(): readonly Amount[]
  /** The entries of contracts say what was paid for them; else they say what the wallet gained. */
  readonly countsCash?: boolean
  /** So much may a coin be off without that anything is missing: the exchange tells its figures as doubles. */
  readonly rounding?: string
  /** Of what the last reading leaves over since the base, as much as can be named; `readMs`: when it was seen. */
  restOf?(residual: Residual, base: Base, readMs: number): Rest
  /** `thorough`: every list, not only what the ledger points to. */
  read(fromMs: number, thorough: boolean): Promise<Reading>
  /** Its entries are dated to this, cut off; absent is a millisecond. */
  readonly granularityMs?: number
  /** How far back the exchange tells; null is for ever. */
  readonly historyMs: number | null
  /** Of a list that keeps only so many rows: the oldest that it told, where there were more. Known from the last read. */
  readonly keptFromMs?: number | null
  readonly unavailable: readonly string[]
}

/** Lines may come in below the newest one: every read goes back a little, one an hour goes back further. */
const nearMs = 5 * minuteMs
const farMs = 2 * hourMs
/** Lists come in late by minutes: what is unexplained for less than that is not given up. */
const graceMs = 10 * minuteMs
/** Reads of the balances that may disagree before a poll goes without an anchor. */
const roundsMax = 3

/** What a rest between two reads comes from, where no line of the ledger says it. */
export interface Rest {
  readonly flows: readonly CashFlow[]
  readonly incomes: readonly Income[]
  readonly conversions: readonly Conversion[]
  /** The same as it moves what is left. */
  readonly entries: readonly Entry[]
}

/** What was held at one instant. */
type Held = Pick<Anchor, 'balances' | 'positions'>

async function heldBy(source: LedgerSource): Promise<Held> {
  const balances = await source.balances()
  const positions = await source.positions?.()
  return positions === undefined || positions.length === 0 ? { balances } : { balances, positions }
}

interface Outcome {
  readonly reading: Reading | null
  readonly anchor: Anchor | null
  /** Of the same read as the anchor. */
  readonly accrued: readonly Amount[] | undefined
  /** By how much more, or less, is owed of interest than at the base. */
  readonly interest: readonly Income[]
  /** Something is neither in the ledger nor given up. */
  readonly open: boolean
  /** What of it is told once the others are given up. */
  readonly rest?: Rest
}

/**
 * One poll of an account whose exchange keeps a ledger.
 *
 * Where the last anchor and the lines since give the balances *to the last unit*, the ledger was complete at that
 * instant. Where they do not, two equal reads of the balances around a read of the ledger make the anchor, and the
 * poll is not complete until what is missing has come or had its time.
 */
export async function pollLedger(
  source: LedgerSource,
  sync: () => Promise<number>,
  wants: PollWants,
): Promise<Polled> {
  const known = wants.cursor === null ? firstLedgerCursor(wants.sinceMs) : parseLedgerCursor(wants.cursor)
  const cursor = { ...known, floorMs: Math.min(known.floorMs, wants.sinceMs) }
  // a wallet more makes other balances: what was known of them leads nowhere
  const isWider = cursor.wallets !== null && wants.wallets.some((each) => !cursor.wallets?.includes(each))
  const before = wants.cursor === null ? baseOf(source, wants.previousAnchor) : cursor.base
  const base = isWider ? null : before
  const lastMs = Math.max(base?.atMs ?? 0, wants.previousAnchor?.atMs ?? 0)
  const begunAtMs = await sync()
  const held = await heldBy(source)
  const thorough = isWider || wants.sweep || cursor.thoroughHourMs !== hourOf(begunAtMs)
  const quiet =
    !thorough &&
    base !== null &&
    cursor.openSinceMs === null &&
    sameBalances(base.balances, amountsIn(source, held), roundingOf(source))
  const outcome = quiet
    ? {
        reading: null,
        anchor: { atMs: settledMs(source, begunAtMs, lastMs), ...held },
        accrued: source.accrued?.(),
        interest: [],
        open: false,
      }
    : await look({ source, sync, cursor, base, lastMs, isWider, thorough, begunAtMs, held })
  return conclude(
    source,
    { cursor: { ...cursor, wallets: wants.wallets }, base, thorough, begunAtMs },
    outcome,
  )
}

/** An anchor as entries lead on from it: contracts among the balances. */
function baseOf(source: LedgerSource, anchor: Anchor | null, accrued?: readonly Amount[]): Base | null {
  if (anchor === null) return null
  const balances = amountsIn(source, anchor)
  return { atMs: anchor.atMs, balances, ...(accrued === undefined ? {} : { accrued }) }
}

function amountsIn(source: LedgerSource, held: Held): readonly Amount[] {
  return source.countsCash === true ? cashOf(held) : amountsOf(held)
}

function roundingOf({ rounding = '0' }: LedgerSource): Decimal {
  return parseDecimal(rounding)
}

interface Looking {
  readonly source: LedgerSource
  readonly sync: () => Promise<number>
  readonly cursor: LedgerCursor
  readonly base: Base | null
  /** Of the balance read before this. */
  readonly lastMs: number
  /** A wallet has joined. */
  readonly isWider: boolean
  readonly thorough: boolean
  readonly begunAtMs: number
  readonly held: Held
}

async function look(looking: Looking): Promise<Outcome> {
  const { source, sync, cursor, base, lastMs, isWider, thorough, begunAtMs } = looking
  const knownMs = Math.min(cursor.readToMs, base?.atMs ?? cursor.readToMs)
  // of a wallet that joins, all that a later read may tell again has to be seen now
  const backMs = isWider || (base !== null && thorough) ? farMs : nearMs
  const fromMs = Math.max(knownMs - backMs, cursor.floorMs - nearMs)
  let { held } = looking
  let askedAtMs = begunAtMs
  let reading = await source.read(fromMs, thorough)
  for (let round = 0; round < roundsMax; round += 1) {
    const accrued = source.accrued?.()
    const interest = accruedSince(base, accrued, askedAtMs)
    if (reading.cutAtMs !== null) return { reading, anchor: null, accrued, interest: [], open: true }
    const entries = [...reading.entries, ...interest.map(entryOfIncome)]
    const told = base === null ? null : explained(source, base, held, entries, askedAtMs)
    const explanation = told?.explanation
    if (told !== null && explanation?.kind === 'exact') {
      const { flows, incomes, conversions } = told.rest
      reading = {
        ...reading,
        flows: [...reading.flows, ...flows],
        incomes: [...reading.incomes, ...incomes],
        conversions: [...reading.conversions, ...conversions],
      }
      return {
        reading,
        anchor: provedAnchor(explanation.atMs, settledMs(source, askedAtMs, lastMs), held, reading),
        accrued,
        interest,
        open: reading.pending,
      }
    }
    const betweenMs = await sync()
    const again = await heldBy(source)
    const agreed = sameBalances(amountsIn(source, again), amountsIn(source, held), roundingOf(source))
    held = again
    askedAtMs = betweenMs
    // Before the first anchor there is nothing that could be unexplained.
    if (agreed) {
      // Some exchanges tell the time in whole seconds: what the ledger showed before this read is in it.
      const readMs = settledMs(source, betweenMs, lastMs)
      const atMs = reading.entries.reduce((latest, entry) => Math.max(latest, entry.atMs), readMs)
      return {
        reading,
        anchor: { atMs, ...held },
        accrued: source.accrued?.(),
        interest: accruedSince(base, source.accrued?.(), askedAtMs),
        open: base !== null || reading.pending,
        ...(base !== null && { rest: explained(source, base, held, entries, askedAtMs).rest }),
      }
    }
    reading = await source.read(fromMs, thorough)
  }
  return { reading, anchor: null, accrued: undefined, interest: [], open: base !== null }
}

const noRest: Rest = { flows: [], incomes: [], conversions: [], entries: [] }

/** By the lines alone, or with what the source makes of the rest. */
function explained(
  source: LedgerSource,
  base: Base,
  held: Held,
  entries: readonly Entry[],
  askedAtMs: number,
): { readonly explanation: Explanation; readonly rest: Rest } {
  const amounts = amountsIn(source, held)
  const readMs = begunMs(source, askedAtMs)
  const explanation = explain(base, amounts, entries, readMs, roundingOf(source))
  const rest =
    explanation.kind === 'open' ? source.restOf?.(explanation.residual, base, askedAtMs) : undefined
  if (rest === undefined || rest.entries.length === 0) return { explanation, rest: noRest }
  const all = [...entries, ...rest.entries]
  return { explanation: explain(base, amounts, all, readMs, roundingOf(source)), rest }
}

/**
 * What is read at an instant holds until then. Where entries are dated to the second, one that comes later may bear the
 * same second: it holds until that began, and not until before the read before it.
 */
function settledMs(source: LedgerSource, atMs: number, lastMs: number): number {
  return source.granularityMs === undefined ? atMs : Math.max(begunMs(source, atMs) - 1, lastMs)
}

/** What bears an earlier instant than this had happened by then. */
function begunMs({ granularityMs = 1 }: LedgerSource, atMs: number): number {
  return atMs - (atMs % granularityMs)
}

/**
 * The balances were read after they were asked for, and every line until `exactAtMs` is in them: the later of the two is
 * an instant at which they held, short of the line that came next.
 */
function provedAnchor(exactAtMs: number, askedAtMs: number, held: Held, { entries }: Reading): Anchor {
  let nextMs = Number.POSITIVE_INFINITY
  for (const { atMs } of entries) if (atMs > exactAtMs) nextMs = Math.min(nextMs, atMs)
  return { atMs: Math.max(exactAtMs, Math.min(askedAtMs, nextMs - 1)), ...held }
}

function conclude(
  source: LedgerSource,
  before: Pick<Looking, 'cursor' | 'base' | 'thorough' | 'begunAtMs'>,
  { reading, anchor, accrued, interest, open, rest = noRest }: Outcome,
): Polled {
  const { cursor, base, thorough, begunAtMs } = before
  const cutAtMs = reading?.cutAtMs ?? null
  const openSinceMs = open && cutAtMs === null ? (cursor.openSinceMs ?? begunAtMs) : null
  const waiting = openSinceMs !== null && begunAtMs - openSinceMs < graceMs
  const complete = anchor !== null && cutAtMs === null && !waiting
  // While something is unexplained the next poll starts from the same place, so that it can still come out.
  const nextBase =
    cutAtMs !== null ? null : waiting || anchor === null ? base : baseOf(source, anchor, accrued)
  const next: LedgerCursor = {
    floorMs: cursor.floorMs,
    readToMs: cutAtMs ?? (reading === null ? cursor.readToMs : begunAtMs),
    thoroughHourMs: thorough && cutAtMs === null ? hourOf(begunAtMs) : cursor.thoroughHourMs,
    base: nextBase ?? baseOf(source, anchor, accrued),
    openSinceMs: waiting ? openSinceMs : null,
    wallets: cursor.wallets,
  }
  const since = <Each extends { readonly atMs: number }>(rows: readonly Each[] = []): Each[] =>
    rows.filter(({ atMs }) => atMs >= cursor.floorMs).toSorted((a, b) => a.atMs - b.atMs)
  const observation: Observation = {
    begunAtMs,
    complete,
    fills: since(reading?.fills),
    flows: since([...(reading?.flows ?? []), ...(waiting ? [] : rest.flows)]),
    conversions: since([...(reading?.conversions ?? []), ...(waiting ? [] : rest.conversions)]),
    incomes: since([...(reading?.incomes ?? []), ...interest, ...(waiting ? [] : rest.incomes)]),
    // with one side of something read and the other not, balances can't be held against anything
    anchor: waiting && base !== null && reading?.pending === true ? null : anchor,
    unavailable: source.unavailable,
    lost: lostOf(source, cursor, begunAtMs),
  }
  return { observation, cursor: writeLedgerCursor(next) }
}

/** What lies between what was read and what the exchange still tells is gone. */
function lostOf(
  { historyMs, keptFromMs = null }: LedgerSource,
  { readToMs }: LedgerCursor,
  begunAtMs: number,
): Observation['lost'] {
  const toldFromMs = Math.max(historyMs === null ? 0 : begunAtMs - historyMs, keptFromMs ?? 0)
  return toldFromMs > readToMs ? { fromMs: readToMs, toMs: toldFromMs } : null
}
