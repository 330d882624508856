import { homedir } from 'node:os'
import type { Command } from 'commander'
import { PerfAggError } from '@perf-agg/sdk'
import { type Configuration, loadConfiguration } from '../../daemon/configuration/config.ts'
import { examples, jsonFlag, serviceUrlFlag } from '../command.ts'
import { readServiceUrl } from '../input/service-url.ts'
import { examine, type Finding } from '../examination.ts'
import { describeFailure, exitCodes } from '../failure.ts'
import { paint, print, printJson } from '../terminal/terminal.ts'

/** What of this machine would stop `serve` or `register`. */

export function define(command: Command): void {
  examples(
    command,
    'perf-agg doctor',
    'perf-agg doctor --config perf-agg.json',
    'perf-agg doctor --service-url https://enclave.example',
  )
    .option('--config <file>', 'examine what serve would do with this config file')
    .option('--insecure-simulated', 'examine for a simulated enclave')
    .addOption(serviceUrlFlag())
    .addOption(jsonFlag())
    .action(doctor)
}

async function doctor(flags: {
  config?: string
  insecureSimulated?: true
  serviceUrl?: string
  json?: true
}): Promise<void> {
  const serviceUrl = flags.serviceUrl === undefined ? null : readServiceUrl(flags.serviceUrl)
  const configuration = configurationOf(flags)
  const findings = [
    ...('state' in configuration ? [configuration] : []),
    ...(await examine('state' in configuration ? null : configuration, serviceUrl)),
  ]
  const stops = findings.some(({ state }) => state === 'stops')
  if (stops) process.exitCode = exitCodes.failed
  if (flags.json) return printJson({ status: stops ? 'stops' : 'ok', findings })
  for (const { name, state, detail, hint } of findings) {
    const mark = {
      ok: paint('green', 'ok   '),
      warning: paint('yellow', 'warn '),
      stops: paint('red', 'stops'),
    }[state]
    print(`${mark}  ${name.padEnd(14)} ${detail}`)
    if (hint !== undefined && state !== 'ok') print(`       ${' '.repeat(14)} ${paint('dim', hint)}`)
  }
  print(stops ? '\nserve would not start here as things stand' : '\nnothing here stops serve or register')
}

/** The configuration, or what is wrong with it: a broken one must not end the examination. */
function configurationOf(flags: { config?: string; insecureSimulated?: true }): Configuration | Finding {
  try {
    return loadConfiguration({
      flags: { config: flags.config, insecure_simulated: flags.insecureSimulated },
      environment: process.env,
      home: homedir(),
      cwd: process.cwd(),
    })
  } catch (error) {
    if (!(error instanceof PerfAggError)) throw error
    const [message = '', ...hints] = describeFailure(error)
      .replace(/^perf-agg: /, '')
      .trimEnd()
      .split('\n  hint: ')
    return {
      name: 'configuration',
      state: 'stops',
      detail: message,
      ...(hints[0] === undefined ? {} : { hint: hints[0] }),
    }
  }
}
