import type { Change, Truth } from '../../../src/simulator/truth.ts'

/**
 * What could be known of one account by who looked at given instants: which changes the exchange ever showed while
 * somebody looked, and where those that nobody could see must show as residuals.
 */

export interface KnownChange {
  readonly change: Change
  /** Its instant in the books: the true one, or, where the list gives none, that of the look that found it. */
  readonly atMs: number
}

export interface Residual {
  readonly asset: string
  /** Changes of this asset that nothing explains, between two looks. */
  readonly changes: readonly Change[]
  /** The last look that did not have it yet. It belongs to the hour that holds this instant. */
  readonly afterMs: number
  readonly untilMs: number
}

export interface Knowledge {
  readonly known: readonly KnownChange[]
  readonly residuals: readonly Residual[]
  /** Held already when first looked at, and never explained: part of what there was. */
  readonly before: readonly Change[]
}

/** @param anchorsMs the instants at which balances and lists were read, ascending */
export function knowledgeOf(
  truth: Truth,
  options: { accountId: string; anchorsMs: readonly number[]; datedAtMs?: (change: Change) => number | null },
): Knowledge {
  const { anchorsMs } = options
  const known: KnownChange[] = []
  const before: Change[] = []
  const unknown = new Map<string, { change: Change; asset: string }[]>()
  for (const change of truth.changes) {
    if (change.account !== options.accountId) continue
    const { visibleAtMs, atMs } = change
    const seenAtMs =
      visibleAtMs === null
        ? undefined
        : anchorsMs.find((anchorMs) => anchorMs >= visibleAtMs && anchorMs - truth.historyMs <= atMs)
    if (seenAtMs !== undefined) {
      const given = change.dated ? null : (options.datedAtMs?.(change) ?? null)
      known.push({ change, atMs: change.dated ? atMs : (given ?? seenAtMs) })
      continue
    }
    const untilIndex = anchorsMs.findIndex((anchorMs) => anchorMs >= atMs)
    if (change.cause === 'opening' || untilIndex === 0) before.push(change)
    // after the last look nobody knows of it yet
    if (change.cause === 'opening' || untilIndex <= 0) continue
    if (change.fill?.contract !== undefined) throw new RangeError('a fill of contracts that nobody ever saw')
    for (const { asset } of change.moves) {
      const key = `${asset} ${untilIndex}`
      const list = unknown.get(key)
      if (list === undefined) unknown.set(key, [{ change, asset }])
      else if (list.at(-1)!.change !== change) list.push({ change, asset })
    }
  }
  const residuals = [...unknown].map(([key, list]): Residual => {
    const [asset = '', index = ''] = key.split(' ')
    const untilIndex = Number(index)
    return {
      asset,
      changes: list.map(({ change }) => change),
      afterMs: anchorsMs[untilIndex - 1]!,
      untilMs: anchorsMs[untilIndex]!,
    }
  })
  known.sort((a, b) => a.atMs - b.atMs || a.change.sequence - b.change.sequence)
  return { known, residuals, before }
}
