import { readFileSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { InputError, parseJson } from '@perf-agg/sdk'
import { limits } from '../../limits.ts'
import { collect, type Flags, flagName, setting } from './setting.ts'
import {
  allExchanges,
  defaultLimits,
  defaultSession,
  readExchanges,
  readIngest,
  readLimits,
  readSession,
} from './setting-group.ts'
import {
  choiceReader,
  integerReader,
  listReader,
  readDatabaseUrl,
  readHost,
  readHttpUrl,
  readNetwork,
  readOrigin,
  readPath,
  readPort,
  readSecretPath,
  readSwitch,
  readSymbol,
  readUid,
  readAddress,
  readWitness,
} from './setting-reader.ts'

export { configurationDigest, publicConfiguration } from './public-configuration.ts'

/**
 * The effective configuration of one `serve`: defaults, then the config file, then the environment, then flags.
 * Everything in it is checked; paths are absolute; secrets are only ever paths.
 */
export interface Configuration {
  /** The API clients talk to; also `/livez` and `/readyz`. Port 0 takes a free one. */
  readonly enclave: Listener
  /** Prometheus, status, simple registration: for the operator. */
  readonly operations: Listener
  /** Trades of self-reported accounts. Binds to the enclave API's host: its callers are the same clients. */
  readonly ws: Listener
  /** Where statements are posted (`/api/ingest` is appended); null: they wait in the outbox and are served. */
  readonly backendUrl: string | null
  /** PEM file (PKCS#8) of the operator's Ed25519 key; null: the enclave's own key of this start signs. */
  readonly privateKeyFile: string | null
  /** `simulated` exactly when `insecureSimulated`. */
  readonly tee: Tee
  readonly insecureSimulated: boolean
  readonly stateFolder: string
  /** A daemon that runs over the same state hands it over and ends; where none runs, this changes nothing. */
  readonly takeOver: boolean
  /** Where the operator keeps what makers of hardware publish beside evidence; null: it is fetched. Needs no trust. */
  readonly endorsementFolder: string | null
  /** Where it is fetched in place of the makers' own services; null: there. */
  readonly endorsementUrl: string | null
  /** The file of the key that wraps what is stored; null: the TEE releases it. */
  readonly dataKeyFile: string | null
  /** May the data key be made when its file does not exist? Only where nothing is promised anyway. */
  readonly dataKeyCreate: boolean
  /** Null: the embedded SQLite in the state folder. Never holds a password. */
  readonly databaseUrl: string | null
  readonly allowPlainRegistration: boolean
  readonly allowTradingKeys: boolean
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  readonly allowedOrigins: readonly string[]
  /** Names the enclave is reached by through a proxy, where it is bound to loopback. */
  readonly allowedHosts: readonly string[]
  /** Addresses or CIDR ranges whose X-Forwarded-For is believed, for rate limits only. */
  readonly trustedProxies: readonly string[]
  readonly logLevel: LogLevel
  /** Every exchange a session may name here, by id. */
  readonly exchanges: Readonly<Record<string, ExchangeConfiguration>>
  readonly session: { readonly ttlDefaultS: number; readonly ttlMaxS: number }
  /** Pause after an hour's end before an hour of self-reported trades is stated. */
  readonly graceSeconds: number
  /** Of before its registration so many days of an account are stated too, as `backfilled`, as far as its exchange tells. */
  readonly backfillDays: number
  /** Symbols that accounts may be held against: what they stand at is collected from every exchange that is watched. */
  readonly benchmarks: readonly string[]
  readonly ingest: { readonly profile: IngestProfile }
  /** C2SP verifier keys of the witnesses that co-sign checkpoints, each with the address it is asked at. */
  readonly witnesses: readonly string[]
  /** Our own addresses that exchanges are asked from; none: the system chooses one. */
  readonly egressAddresses: readonly string[]
  /** Accounts whose streams are listened to, of each address; 0 listens to none. */
  readonly streamsMax: number
  readonly limits: RateLimits
  /** User of the collector and egress processes; null: another one than the daemon's where it may choose. */
  readonly childUid: number | null
}

export interface Listener {
  readonly host: string
  readonly port: number
}

export type Tee = 'auto' | 'tdx' | 'sev-snp' | 'nitro' | 'dstack-tdx' | 'simulated'
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export type IngestProfile = 'full' | 'minimal'

export interface ExchangeConfiguration {
  /** Replaces scheme and host of every URL of that exchange; its environment is then `simulated`. */
  readonly baseUrl: string | null
}

/** The bounds an operator may move; all others are fixed in `limits.ts`. */
export interface RateLimits {
  readonly connectionsMax: number
  readonly requestsPerAddressPerMinute: number
  readonly boxesPerSecond: number
  readonly quotesPerSecond: number
}

export interface ConfigurationSources {
  /** As the command line gave them, by name in snake_case; `config` names the file. */
  readonly flags: Flags
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The user's home and the folder relative paths start from. */
  readonly home: string
  readonly cwd: string
}

const fileBytesMax = 65_536

const settings = {
  host: setting(readHost, '127.0.0.1', 'ENCLAVE_HOST'),
  port: setting(readPort, 3000, 'ENCLAVE_PORT'),
  operations_host: setting(readHost, '127.0.0.1', 'AGGREGATOR_HOST'),
  operations_port: setting(readPort, 5000, 'AGGREGATOR_PORT'),
  ws_port: setting(readPort, 5010, 'AGGREGATOR_WS_PORT'),
  backend_url: setting(readHttpUrl, null, 'AGGREGATOR_BACKEND_URL'),
  private_key: setting(readSecretPath, null, 'AGGREGATOR_PRIVATE_KEY'),
  tee: setting(choiceReader(['auto', 'tdx', 'sev-snp', 'nitro', 'dstack-tdx']), 'auto'),
  insecure_simulated: setting(readSwitch, false),
  endorsements: setting(readPath, null),
  endorsement_url: setting(readHttpUrl, null),
  state: setting(readPath, null),
  take_over: setting(readSwitch, false),
  data_key: setting(readSecretPath, null),
  database_url: setting(readDatabaseUrl, null),
  allow_plain_registration: setting(readSwitch, false),
  allow_trading_keys: setting(readSwitch, false),
  tls_cert: setting(readPath, null),
  tls_key: setting(readSecretPath, null),
  allowed_origins: setting(listReader(readOrigin, 64), []),
  allowed_hosts: setting(listReader(readHost, 64), []),
  trusted_proxies: setting(listReader(readNetwork, 64), []),
  log_level: setting(choiceReader(['error', 'warn', 'info', 'debug']), 'info'),
  exchanges: setting(readExchanges, allExchanges),
  session: setting(readSession, defaultSession),
  grace_seconds: setting(integerReader(0, 900), 90),
  backfill_days: setting(integerReader(0, 730), 730),
  benchmarks: setting(listReader(readSymbol, 8), ['BTC/USDT']),
  ingest: setting(readIngest, { profile: 'full' }),
  witnesses: setting(listReader(readWitness, 16), []),
  egress_addresses: setting(listReader(readAddress, 64), []),
  streams_max: setting(integerReader(0, limits.listener.accountsMax), 64),
  limits: setting(readLimits, defaultLimits),
  child_uid: setting(readUid, null),
} as const

/**
 * Puts the sources together and checks the whole.
 * @throws {InputError} with a code for each kind of bad value, a message that names its source, and a hint
 */
export function loadConfiguration(sources: ConfigurationSources): Configuration {
  const { flags, environment, home, cwd } = sources
  const path = typeof flags['config'] === 'string' ? resolve(cwd, flags['config']) : null
  const values = collect(settings, {
    flags,
    environment,
    cwd,
    file: path === null ? null : readConfigFile(path),
  })
  if (values.insecure_simulated && values.tee !== 'auto') {
    throw new InputError(
      'TEE_CONTRADICTION',
      `--insecure-simulated and --tee ${values.tee} exclude each other`,
      {
        hint: 'a simulated enclave proves nothing: leave --insecure-simulated out where the hardware is there',
      },
    )
  }
  if ((values.tls_cert === null) !== (values.tls_key === null)) {
    throw new InputError('TLS_INCOMPLETE', '--tls-cert and --tls-key go together', {
      hint: 'give both or neither',
    })
  }
  const stateFolder = values.state ?? join(folderOf('XDG_STATE_HOME', '.local/state'), 'perf-agg')
  const dataKeyFile =
    values.data_key ??
    (values.insecure_simulated ? join(folderOf('XDG_CONFIG_HOME', '.config'), 'perf-agg/data.key') : null)
  if (dataKeyFile !== null && `${dataKeyFile}${sep}`.startsWith(`${stateFolder}${sep}`)) {
    throw new InputError('DATA_KEY_INSIDE_STATE', 'the data key lies inside the state folder', {
      hint: 'whoever takes the folder would take its key along: name a file elsewhere with --data-key',
    })
  }
  checkPorts(values.port, values.operations_port, values.ws_port)
  for (const [id, { baseUrl }] of Object.entries(values.exchanges)) {
    if (baseUrl !== null && !isSafeBase(baseUrl) && !values.insecure_simulated) {
      throw new InputError('BASE_URL_INSECURE', `exchanges.${id}.base_url is http beyond this machine`, {
        hint: 'use https, or --insecure-simulated where nothing is promised',
      })
    }
  }
  return {
    enclave: { host: values.host, port: values.port },
    operations: { host: values.operations_host, port: values.operations_port },
    ws: { host: values.host, port: values.ws_port },
    backendUrl: values.backend_url,
    privateKeyFile: values.private_key,
    tee: values.insecure_simulated ? 'simulated' : values.tee,
    insecureSimulated: values.insecure_simulated,
    stateFolder,
    takeOver: values.take_over,
    endorsementFolder: values.endorsements,
    endorsementUrl: values.endorsement_url,
    dataKeyFile,
    dataKeyCreate: values.insecure_simulated,
    databaseUrl: values.database_url,
    allowPlainRegistration: values.allow_plain_registration,
    allowTradingKeys: values.allow_trading_keys,
    tls:
      values.tls_cert === null || values.tls_key === null
        ? null
        : { certFile: values.tls_cert, keyFile: values.tls_key },
    allowedOrigins: values.allowed_origins,
    allowedHosts: values.allowed_hosts,
    trustedProxies: values.trusted_proxies,
    logLevel: values.log_level,
    exchanges: values.exchanges,
    session: values.session,
    graceSeconds: values.grace_seconds,
    backfillDays: values.backfill_days,
    benchmarks: values.benchmarks,
    ingest: values.ingest,
    witnesses: values.witnesses,
    egressAddresses: [...new Set(values.egress_addresses)],
    streamsMax: values.streams_max,
    limits: values.limits,
    childUid: values.child_uid,
  }

  function folderOf(variable: string, fallback: string): string {
    const folder = environment[variable]
    // The XDG specification: what is not absolute is ignored.
    return folder !== undefined && folder.startsWith('/') ? folder : join(home, fallback)
  }
}

function readConfigFile(path: string): { name: string; folder: string; members: Map<string, unknown> } {
  const name = basename(path)
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    const cause = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new InputError('CONFIG_UNREADABLE', `can't read the config file ${path} (${cause})`)
  }
  let value: unknown
  try {
    value = parseJson(bytes, { bytesMax: fileBytesMax, depthMax: 8 })
  } catch (error) {
    const why = error instanceof Error ? error.message : 'not JSON'
    throw new InputError('CONFIG_INVALID', `${name} is no strict JSON: ${why}`, {
      hint: 'no comments, no duplicate keys',
    })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError('CONFIG_INVALID', `${name} must hold one JSON object`)
  }
  const members = new Map(Object.entries(value))
  for (const key of members.keys()) {
    if (Object.hasOwn(settings, key)) continue
    throw new InputError('CONFIG_KEY_UNKNOWN', `${JSON.stringify(key)} in ${name} is not known`, {
      hint: `known are ${Object.keys(settings).join(', ')}`,
    })
  }
  return { name, folder: dirname(path), members }
}

function checkPorts(...ports: readonly number[]): void {
  const chosen = ports.filter((port) => port !== 0)
  if (new Set(chosen).size === chosen.length) return
  const names = ['port', 'operations_port', 'ws_port'].map(flagName).join(', ')
  throw new InputError('PORTS_EQUAL', 'two listeners want the same port', {
    hint: `${names} must differ; 0 takes a free one`,
  })
}

function isSafeBase(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
