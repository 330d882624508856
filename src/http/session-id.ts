import { PerfAggError } from '@perf-agg/sdk'

/** Ids are looked at before anything is done with them; what can't be one is answered like one that is unknown. */
const pattern = /^[A-Za-z0-9_-]{22,64}$/

/** @throws PerfAggError SESSION_UNKNOWN */
export function checkedId(id: string): string {
  if (!pattern.test(id)) throw new PerfAggError('SESSION_UNKNOWN', 'no such session')
  return id
}
