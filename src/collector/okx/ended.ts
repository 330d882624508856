import { minuteMs, parseDecimal, signOf } from '@perf-agg/sdk'
import type { Calls } from '../call.ts'
import { assetOf, rowOf, rowsOf } from '../field.ts'
import { endpoints } from './endpoint.ts'
import { type Bill, pageRows } from './row.ts'
import { millisOf, textOf, word } from './text.ts'

/** Positions that have ended: who held them, where a bill that moves nothing does not say it. */

interface Ended {
  readonly instId: string
  readonly side: 'long' | 'short'
  readonly atMs: number
}

export function endedOf(value: unknown, exchangeNowMs: number): Ended[] {
  return rowsOf(value, 'positionsHistory', pageRows).flatMap((each): Ended[] => {
    const row = rowOf(each, 'positionsHistory')
    const side = textOf(row['direction'], 'ended.direction', word)
    if (side !== 'long' && side !== 'short') return []
    return [
      {
        instId: assetOf(row['instId'], 'ended.instId'),
        side,
        atMs: millisOf(row['uTime'], 'ended.uTime', exchangeNowMs),
      },
    ]
  })
}

/** Expired for nothing, at no gain and no loss. */
function isSilent({ subType, pnl }: Bill): boolean {
  return subType === '172' && signOf(parseDecimal(pnl)) === 0
}

/** The list is written a while after the end. */
const nearMs = 10 * minuteMs

/** Of options whose end does not say who held them, by the bill's id. @throws {CollectorFailure} */
export async function sidesOf(
  bills: readonly Bill[],
  caller: Calls,
  nowMs: number,
): Promise<ReadonlyMap<string, 'long' | 'short'>> {
  const silent = bills.filter(isSilent)
  const ended: Ended[] = []
  for (const instId of new Set(silent.map((bill) => bill.instId))) {
    const asked = { instType: 'OPTION', instId, limit: pageRows }
    ended.push(...endedOf((await caller.call(endpoints.positionsHistory, asked)).value, nowMs))
  }
  return new Map(
    silent.flatMap(({ id, instId, atMs }) => {
      const found = ended.find((each) => each.instId === instId && Math.abs(each.atMs - atMs) <= nearMs)
      return found === undefined ? [] : [[id, found.side] as const]
    }),
  )
}
