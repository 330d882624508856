import type { Command } from 'commander'
import { PerfAggError } from '@perf-agg/sdk'

/** The whole story in the terminal. */

export function define(command: Command): void {
  command.action(() => {
    throw new PerfAggError('NOT_YET', 'this command is not there yet')
  })
}
