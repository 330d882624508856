#!/usr/bin/env node
/**
 * Registers an exchange account with a perf-agg enclave, end to end, and shows its figures:
 *
 *   node secure-client.mjs --service-url https://enclave.example --client-id trader-john --exchange binance \
 *     --credentials-file credentials.json --policy policy.json
 *
 * The credentials are JSON, {"api_key":"…","secret":"…"}, from a file or (--credentials-file -) from stdin: never
 * from the command line, where every process could read them. To try it out against `perf-agg serve
 * --insecure-simulated`, give --insecure-simulated here too, and no real keys.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import {
  importSigningKey,
  newSigningKey,
  parseJson,
  parsePolicy,
  PerfAggClient,
  PerfAggError,
} from '@perf-agg/sdk'

const { values: options } = parseArgs({
  options: {
    'service-url': { type: 'string', default: 'http://127.0.0.1:3000' },
    'client-id': { type: 'string' },
    exchange: { type: 'string' },
    'account-type': { type: 'string', default: 'spot' },
    sandbox: { type: 'boolean', default: false },
    'credentials-file': { type: 'string', default: '-' },
    policy: { type: 'string' },
    'insecure-simulated': { type: 'boolean', default: false },
    // Your long-lived key: made when the file is not there. Who holds it can end and publish the record.
    'client-key': { type: 'string', default: 'client-key.json' },
    // The way back to the session: whoever has it can read everything about the account.
    'session-file': { type: 'string', default: 'session.json' },
  },
})

try {
  await main()
} catch (error) {
  if (!(error instanceof PerfAggError)) throw error
  console.error(`${error.code}: ${error.message}${error.hint === undefined ? '' : `\n  ${error.hint}`}`)
  process.exitCode = { VerificationError: 1, PolicyError: 3, UnreachableError: 4 }[error.name] ?? 1
}

async function main() {
  const client = new PerfAggClient({ serviceUrl: options['service-url'] })

  const { receipt, access } = await client.register({
    clientId: required('client-id'),
    exchange: required('exchange'),
    credentials: parseJson(await readCredentials(options['credentials-file'])),
    config: { accountType: options['account-type'], sandbox: options.sandbox },
    clientKey: await clientKey(options['client-key']),
    policy: options.policy === undefined ? null : parsePolicy(parseJson(await readFile(options.policy))),
    insecureSimulated: options['insecure-simulated'],
    // Every step that was looked at, before anything is sealed.
    onAppraisal: ({ steps }) => {
      for (const { status, code, detail } of steps)
        console.error(`${status.padEnd(15)} ${code.padEnd(22)} ${detail}`)
    },
  })
  await writeSecret(options['session-file'], access)

  const summary = await client.summary(access)
  console.log(
    JSON.stringify({
      status: receipt.status,
      account: receipt.account,
      permissions: receipt.permissions,
      totals: summary.totals,
    }),
  )
}

function required(name) {
  const value = options[name]
  if (value === undefined) throw new PerfAggError('USAGE', `--${name} is missing`)
  return value
}

async function readCredentials(path) {
  return path === '-' ? text(process.stdin) : readFile(path, 'utf8')
}

async function clientKey(path) {
  const kept = await readFile(path).catch((error) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (kept !== null) return importSigningKey(parseJson(kept))
  const key = await newSigningKey()
  await writeSecret(path, await key.toPrivateJwk())
  return key
}

/** For its owner's eyes only; never over a file that is there. */
async function writeSecret(path, value) {
  await writeFile(path, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: 'wx' })
}
