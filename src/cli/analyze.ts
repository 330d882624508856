import type { Command } from 'commander'
import { PerfAggError } from '@perf-agg/sdk'

export function define(command: Command): void {
  command.action(() => {
    throw new PerfAggError('NOT_YET', 'this command is not there yet')
  })
}
