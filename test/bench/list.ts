import { aggregation } from './aggregation.ts'
import { boxes } from './boxes.ts'
import { daemon } from './daemon.ts'
import { decimals } from './decimals.ts'
import { durable } from './durable.ts'
import { memory } from './memory.ts'
import { merkle } from './merkle.ts'
import { metricSet } from './metric-set.ts'
import { requests } from './requests.ts'
import type { Bench } from './row.ts'
import { scheduler } from './scheduler.ts'
import { start } from './start.ts'
import { statements } from './statements.ts'
import { views } from './views.ts'

/** Every benchmark, in the order of the table. */
export const benches: readonly Bench[] = [
  // First: what other benchmarks leave behind is no part of an account.
  memory,
  daemon,
  aggregation,
  decimals,
  views,
  metricSet,
  statements,
  boxes,
  merkle,
  durable,
  requests,
  start,
  scheduler,
]
