import type { Command } from 'commander'
import { PerfAggError } from '@perf-agg/sdk'

/** The metrics engine over a file of one's own. */

export function define(command: Command): void {
  command.action(() => {
    throw new PerfAggError('NOT_YET', 'this command is not there yet')
  })
}
