import { type Command, Option } from 'commander'
import {
  type AccountType,
  accountTypes,
  type Appraisal,
  type ExchangeCredentials,
  newSigningKey,
  PerfAggClient,
  PerfAggError,
  type Publication,
  type Registered,
  requireTrusted,
  type SessionAccess,
  type SigningKey,
  toInstant,
} from '@perf-agg/sdk'
import { examples, integerFlag, jsonFlag, serviceUrlFlag } from '../command.ts'
import { readServiceUrl, serviceUrlDefault } from '../input/service-url.ts'
import { askCredentials, needsCredentials, readCredentialsFile } from '../input/credentials-file.ts'
import { askOwnership } from '../input/wallet-prompt.ts'
import { UsageError } from '../failure.ts'
import { openRegistrations, type Registrations } from '../input/registrations.ts'
import { withSpinner } from '../terminal/spinner.ts'
import { formatSteps } from '../terminal/step-list.ts'
import { formatPairs } from '../terminal/table.ts'
import { print, printJson, remark } from '../terminal/terminal.ts'
import {
  insecureFlag,
  policyFlag,
  type TrustFlags,
  trustOf,
  warnOfPlainHttp,
  withTrustHint,
} from '../input/trust.ts'

/** Puts an account into an enclave's care: appraise, ask, seal, submit, keep what reads the figures later. */

export interface RegisterFlags extends TrustFlags {
  serviceUrl: string
  operationsUrl: string
  clientId: string
  exchange: string
  accountType: AccountType
  sandbox?: true
  apiInterval: number
  maxRetries: number
  ttl?: number
  label: string
  credentialsFile?: string
  plain?: true
  yes?: true
  publish?: true
  json?: true
  apiKey?: unknown
  secret?: unknown
  passphrase?: unknown
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg register --service-url https://enclave.example --client-id me --exchange binance --policy policy.json',
    'perf-agg register --client-id me --exchange binance --sandbox --insecure-simulated --credentials-file toy.json',
  )
    .addOption(serviceUrlFlag().default(serviceUrlDefault))
    .requiredOption('--client-id <id>', 'who you are to the backend; stands in every statement')
    .requiredOption('--exchange <id>', 'binance, …; mock or push for trades you report yourself')
    .addOption(new Option('--account-type <type>', 'which wallets').choices(accountTypes).default('spot'))
    .option('--sandbox', "the exchange's test environment")
    .option(
      '--api-interval <ms>',
      'pause aimed at between polls',
      integerFlag('--api-interval', 1_000, 3_600_000),
      60_000,
    )
    .option('--max-retries <n>', 'tries of a call that failed', integerFlag('--max-retries', 0, 10), 3)
    .option(
      '--ttl <seconds>',
      'how long the enclave keeps the credentials',
      integerFlag('--ttl', 60, 31_622_400),
    )
    .option('--label <label>', 'your name for it, here', 'main')
    .addOption(policyFlag())
    .addOption(insecureFlag())
    .option('--credentials-file <file>', 'JSON with api_key and secret, - for stdin; asked for when left out')
    .option(
      '--plain',
      'do not seal: through the operations API, on this machine or over https; says so and asks',
    )
    .option('--operations-url <url>', 'the operations API, for --plain', 'http://127.0.0.1:5000')
    .option('--yes', 'do not ask about --plain')
    .option('--publish', 'show the record to everybody from now on, in percentages: see perf-agg publish')
    .addOption(jsonFlag())
    .addOption(refused('api-key'))
    .addOption(refused('secret'))
    .addOption(refused('passphrase'))
    .action(register)
}

/** Taken only to be refused with the reason. */
function refused(name: string): Option {
  return new Option(`--${name} [value]`).hideHelp()
}

async function register(flags: RegisterFlags): Promise<void> {
  refuseSecrets(flags)
  const serviceUrl = readServiceUrl(flags.serviceUrl)
  const trust = trustOf(flags)
  const registrations = await openRegistrations()
  refuseTakenLabel(registrations, flags, serviceUrl)
  const client = new PerfAggClient({ serviceUrl })
  if (flags.plain) {
    const { registerPlain } = await import('./register-plain.ts')
    const clientKey = await obtainClientKey(registrations, flags.clientId)
    const registration = await registerPlain(client, flags, clientKey)
    return keep(registrations, flags, serviceUrl, registration)
  }
  warnOfPlainHttp(serviceUrl)
  // Judged before anything is asked, so that nobody types a secret for an enclave that is then refused; and once
  // more with what is sealed, because typing takes time.
  const { appraisal } = await withSpinner('asking the enclave for its evidence', () => client.appraise(trust))
  showAppraisal(appraisal)
  try {
    requireTrusted(appraisal, trust)
  } catch (error) {
    throw withTrustHint(error, trust)
  }
  const credentials = await obtainCredentials(flags)
  const clientKey = await obtainClientKey(registrations, flags.clientId)
  const account = { ...trust, ...accountOf(flags), credentials, clientKey }
  const work = () => client.register({ ...account, signOwnership: askOwnership })
  const isAsked = 'wallet_address' in credentials
  // what a wallet is asked to sign comes in between
  const registration = await (isAsked ? work() : withSpinner('sealed; the enclave asks the exchange', work))
  return keep(registrations, flags, serviceUrl, registration)
}

/** What a shell was told stands in its history and in the list of processes, for everybody on the machine. */
function refuseSecrets(flags: RegisterFlags): void {
  const given = (['apiKey', 'secret', 'passphrase'] as const).filter((name) => flags[name] !== undefined)
  if (given.length === 0) return
  const names = given.map((name) => `--${name.replace('K', '-k')}`).join(' and ')
  throw new UsageError(
    'SECRET_ON_COMMAND_LINE',
    `${names} would put a secret into your shell's history and the process list`,
    {
      hint: 'leave it out to be asked, or use --credentials-file; a key that stood on a command line should be replaced',
    },
  )
}

/** Registering again under a label renews it; another account under the same label would lose the first. */
function refuseTakenLabel(registrations: Registrations, flags: RegisterFlags, serviceUrl: string): void {
  const taken = registrations.list().find(({ label }) => label === flags.label)?.kept
  if (taken === undefined) return
  const same =
    taken.clientId === flags.clientId &&
    taken.exchange === flags.exchange &&
    taken.serviceUrl === serviceUrl &&
    taken.accountType === flags.accountType &&
    taken.sandbox === (flags.sandbox === true)
  if (same) return
  throw new UsageError(
    'LABEL_TAKEN',
    `${JSON.stringify(flags.label)} is another account: ${taken.clientId} at ${taken.exchange}`,
    {
      hint: `give this one its own --label, or perf-agg end ${flags.label}`,
    },
  )
}

function showAppraisal({ steps }: Appraisal): void {
  process.stderr.write(`${formatSteps(steps, process.stderr)}\n`)
}

export async function obtainCredentials(flags: RegisterFlags): Promise<ExchangeCredentials> {
  if (!needsCredentials(flags.exchange)) return {}
  return flags.credentialsFile === undefined
    ? askCredentials(flags.exchange)
    : readCredentialsFile(flags.credentialsFile)
}

export function accountOf(flags: RegisterFlags) {
  return {
    clientId: flags.clientId,
    label: flags.label,
    exchange: flags.exchange,
    config: {
      accountType: flags.accountType,
      apiInterval: flags.apiInterval,
      maxRetries: flags.maxRetries,
      sandbox: flags.sandbox === true,
    },
    ...(flags.ttl === undefined ? {} : { ttlSeconds: flags.ttl }),
  }
}

/** Kept before it is used: an account bound to a key that a crash took away could not be ended. */
async function obtainClientKey(registrations: Registrations, clientId: string): Promise<SigningKey> {
  const known = await registrations.clientKey(clientId)
  if (known !== null) return known
  const fresh = await newSigningKey()
  await registrations.keepClientKey(clientId, fresh)
  return fresh
}

async function keep(
  registrations: Registrations,
  flags: RegisterFlags,
  serviceUrl: string,
  { receipt, access }: Registered,
): Promise<void> {
  registrations.set(flags.label, {
    clientId: flags.clientId,
    serviceUrl,
    exchange: flags.exchange,
    accountType: flags.accountType,
    sandbox: flags.sandbox === true,
    account: receipt.account,
    registeredAt: toInstant(Date.now()),
    expiresAt: receipt.expires_at,
    access,
    policy: trustOf(flags).policy,
    insecureSimulated: flags.insecureSimulated === true,
  })
  const shown =
    flags.publish === true ? await publishRegistered(registrations, flags, serviceUrl, access) : null
  if (flags.json) {
    const page = shown === null ? {} : { page: new URL(shown.path, serviceUrl).href }
    return printJson({ label: flags.label, ...receipt, ...page })
  }
  const pending =
    receipt.status === 'pending' ? ': the exchange could not be asked yet, the enclave goes on trying' : ''
  print(
    formatPairs([
      ['registered', `${flags.label} (${flags.exchange}${flags.sandbox ? ' sandbox' : ''})`],
      ['status', `${receipt.status}${pending}`],
      ['account', receipt.account ?? 'not known yet'],
      ['until', receipt.expires_at],
      ['permissions', receipt.permissions],
      ['ownership', receipt.ownership],
      ...(shown === null ? [] : [['page', new URL(shown.path, serviceUrl).href] as const]),
      ['view id', `${receipt.view_id}  (may be shown to others: opens the summary only)`],
    ]),
  )
  remark(
    `\nkept in ${registrations.path}: whoever reads that file reads your figures; if it is lost, register again`,
  )
  remark(`next: perf-agg metrics${flags.label === 'main' ? '' : ` ${flags.label}`}`)
}

/** The registration stands in any case: what could not be shown now can be shown later. */
async function publishRegistered(
  registrations: Registrations,
  flags: RegisterFlags,
  serviceUrl: string,
  access: SessionAccess,
): Promise<Publication | null> {
  const clientKey = await registrations.clientKey(flags.clientId)
  try {
    return await new PerfAggClient({ serviceUrl }).publish(access.sessionId, clientKey)
  } catch (error) {
    if (!(error instanceof PerfAggError)) throw error
    remark(`not shown yet (${error.code}): perf-agg publish ${flags.label} does it later`)
    return null
  }
}
