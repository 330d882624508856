import { writeFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { PerfAggError } from '@perf-agg/sdk'
import type { SimulatedAccount, SimulatedExchange } from '../../simulator/simulator.ts'
import { examples, integerFlag, jsonFlag } from '../command.ts'
import { UsageError } from '../failure.ts'
import { systemCode } from '../input/key-file.ts'
import { formatPairs } from '../terminal/table.ts'
import { print, remark } from '../terminal/terminal.ts'

/** The simulated exchange, for trying things out. */

interface SimulateFlags {
  exchange: SimulatedExchange
  port?: number
  seed: number
  speed: number
  marketData?: string
  truth?: string
  json?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg simulate --port 9001 --credentials-out toy.json',
    'perf-agg simulate --speed 60 --truth truth.jsonl',
  )
    .addOption(
      new Option('--exchange <id>', 'whose wire protocol it speaks')
        .choices([
          'binance',
          'bitget',
          'bybit',
          'coinbase',
          'hyperliquid',
          'kraken',
          'krakenfutures',
          'kucoin',
          'okx',
        ])
        .default('binance'),
    )
    .option('--port <n>', 'listen here on loopback; 0 takes a free one', integerFlag('--port', 0, 65_535))
    .option(
      '--seed <n>',
      'the same seed makes the same market and traders',
      integerFlag('--seed', 0, 2_147_483_647),
      1,
    )
    .option('--speed <n>', 'times faster than real time', integerFlag('--speed', 1, 100_000), 1)
    .option('--market-data <file>', 'replay trades or candles of this file')
    .option('--truth <file>', 'write every balance change and price there, as JSON lines')
    .addOption(new Option('--credentials-out <file>', "write the first account's toy credentials there"))
    .addOption(jsonFlag())
    .action(simulate)
}

async function simulate(flags: SimulateFlags & { credentialsOut?: string }): Promise<void> {
  const { startSimulator } = await import('../../simulator/simulator.ts')
  const simulator = await startSimulator({
    exchange: flags.exchange,
    seed: flags.seed,
    startMs: Date.now(),
    ...(flags.port === undefined ? {} : { port: flags.port }),
    ...(flags.marketData === undefined ? {} : { marketData: flags.marketData }),
    ...(flags.truth === undefined ? {} : { truthFile: flags.truth }),
  }).catch((error: unknown) => {
    if (systemCode(error) !== 'EADDRINUSE') throw error
    throw new UsageError('PORT_TAKEN', 'the port is taken', { hint: '--port 0 takes a free one' })
  })
  const halt = simulator.run(flags.speed)
  const accounts = simulator.accounts.map((account) => ({ uid: account.uid, ...credentialsOf(account) }))
  const first = accounts[0]
  if (flags.credentialsOut !== undefined && first !== undefined) writeCredentials(flags.credentialsOut, first)
  if (flags.json || !process.stdout.isTTY) {
    process.stdout.write(
      `${JSON.stringify({ event: 'ready', exchange: flags.exchange, url: simulator.url, accounts })}\n`,
    )
  } else {
    print(
      formatPairs([
        ['exchange', `${flags.exchange}, simulated`],
        ['url', simulator.url],
        ['accounts', String(accounts.length)],
      ]),
    )
    print(
      `\nlet an enclave use it, in its config file:\n  {"exchanges": {"${flags.exchange}": {"base_url": "${simulator.url}"}}}`,
    )
    remark('\nCtrl-C ends it')
  }
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  halt()
  await simulator.close()
}

/** As register takes them. */
function credentialsOf({ apiKey, secret, passphrase, walletAddress }: SimulatedAccount): object {
  if (walletAddress !== undefined) return { wallet_address: walletAddress }
  return { api_key: apiKey, secret, ...(passphrase === undefined ? {} : { passphrase }) }
}

function writeCredentials(
  path: string,
  { uid: _uid, ...credentials }: { readonly uid: string } & object,
): void {
  try {
    writeFileSync(path, `${JSON.stringify(credentials)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new PerfAggError('FILE_UNWRITABLE', `can't write ${path} (${systemCode(error)})`, {
      hint: 'nothing is overwritten: name a new file',
    })
  }
}
