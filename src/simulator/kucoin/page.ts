import { dayMs } from '@perf-agg/sdk'
import type { Asked } from '../door.ts'
import { integerOf } from './quotes.ts'
import { refusals } from './refusal.ts'

/** kucoin's lists: of a span, and by pages in its three ways. */

const reachMs = 365 * dayMs

export interface Told {
  readonly atMs: number
  readonly number: bigint
  readonly row: Readonly<Record<string, unknown>>
}

/** Of a span that may not be too long; a day where only one end of it is given. */
export function within<Row extends Told>(
  all: readonly Row[],
  { query, nowMs }: Pick<Asked, 'query' | 'nowMs'>,
  spanMs: number,
  [start, end]: readonly [string, string] = ['startAt', 'endAt'],
): Row[] {
  const endMs = integerOf(query, end, nowMs)
  const startMs = integerOf(query, start, endMs - dayMs)
  if (endMs < startMs || endMs - startMs > spanMs) throw refusals.parameter(start)
  const floorMs = Math.max(startMs, nowMs - reachMs)
  return all.filter(({ atMs }) => atMs >= floorMs && atMs <= endMs)
}

export function numbered(rows: readonly Told[], query: URLSearchParams, most = 500): unknown {
  const pageSize = integerOf(query, 'pageSize', 50)
  if (pageSize < 10 || pageSize > most) throw refusals.parameter('pageSize')
  const currentPage = integerOf(query, 'currentPage', 1)
  const items = rows.slice((currentPage - 1) * pageSize, currentPage * pageSize).map(({ row }) => row)
  const totalPage = Math.ceil(rows.length / pageSize)
  return { currentPage, pageSize, totalNum: rows.length, totalPage, items }
}

export function behind<Row extends Told>(
  rows: readonly Row[],
  query: URLSearchParams,
  name = 'limit',
): Row[] {
  const limit = integerOf(query, name, 100)
  if (limit < 1 || limit > 200) throw refusals.parameter(name)
  const lastId = query.get('lastId')
  if (lastId !== null && !/^\d{1,20}$/.test(lastId)) throw refusals.parameter('lastId')
  return rows.filter(({ number }) => lastId === null || number < BigInt(lastId)).slice(0, limit)
}

/** Behind the number of a row; what is not over yet has none. */
export function offset(rows: readonly Told[], query: URLSearchParams): unknown {
  const most = integerOf(query, 'maxCount', 50)
  if (most < 1 || most > 100) throw refusals.parameter('maxCount')
  const from = query.get('offset')
  if (from !== null && !/^\d{1,18}$/.test(from)) throw refusals.parameter('offset')
  const left = rows.filter(({ number }) => from === null || number < BigInt(from))
  return { dataList: left.slice(0, most).map(({ row }) => row), hasMore: left.length > most }
}
