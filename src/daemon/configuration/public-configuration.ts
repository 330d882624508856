import { canonicalBytes, digestOf } from '@perf-agg/sdk'
import { defaultRules } from '../../accounting/rules.ts'
import type { Configuration, ExchangeConfiguration, RateLimits } from './config.ts'
import { exchangeIds, selfReportedIds, withoutSandboxIds } from './setting-group.ts'

/**
 * What a quote says about the configuration: everything that could make a record lie, and nothing that only
 * says how this machine is laid out. No secret, no path.
 */
export function publicConfiguration(configuration: Configuration): Readonly<Record<string, unknown>> {
  const { exchanges, session } = configuration
  return {
    tee: configuration.tee,
    data_key: configuration.dataKeyFile === null ? 'tee' : 'file',
    // a file is its operator's; what the platform derives, the kind of platform in the quote says
    data_key_release: configuration.dataKeyFile === null ? 'platform' : 'operator',
    wire_key: configuration.privateKeyFile === null ? 'enclave' : 'mounted',
    permission_policy: configuration.allowTradingKeys ? 'trade' : 'read-only',
    plain_registration: configuration.allowPlainRegistration,
    exchanges: Object.fromEntries(
      Object.entries(exchanges).map(([id, { baseUrl }]) => [
        id,
        baseUrl === null
          ? { environments: environmentsOf(id) }
          : { environments: ['simulated'], base_url: baseUrl },
      ]),
    ),
    session: { ttl_default_s: session.ttlDefaultS, ttl_max_s: session.ttlMaxS },
    grace_seconds: configuration.graceSeconds,
    backfill_days: configuration.backfillDays,
    rules: accountingRules(),
    ingest: { profile: configuration.ingest.profile },
    backend: configuration.backendUrl === null ? null : new URL(configuration.backendUrl).origin,
    witnesses: configuration.witnesses,
    trusted_proxies: configuration.trustedProxies,
    allowed_origins: configuration.allowedOrigins,
    tls: configuration.tls !== null,
    limits: limitsOf(configuration.limits),
  }
}

function environmentsOf(id: string): readonly string[] {
  if (selfReportedIds.includes(id)) return ['self-reported']
  return withoutSandboxIds.includes(id) ? ['live'] : ['live', 'sandbox']
}

/** How amounts become dollars and dollars become returns; not configurable, and shown all the same. */
function accountingRules(): Readonly<Record<string, unknown>> {
  return {
    pegged: defaultRules.pegged,
    bridges: defaultRules.bridges,
    floor_usd: defaultRules.floorUsd,
    floor_share: defaultRules.floorShare,
    peak_window_s: defaultRules.peakWindowMs / 1_000,
    correction_window_s: defaultRules.correctionWindowMs / 1_000,
    gap_after_s: defaultRules.gapAfterMs / 1_000,
    observed_within_s: defaultRules.observedWithinMs / 1_000,
  }
}

/** `config_digest`: over the canonical bytes of what the quote shows. */
export async function configurationDigest(configuration: Configuration): Promise<string> {
  return digestOf(canonicalBytes(publicConfiguration(configuration)))
}

/** The effective configuration as a config file would state it: saved, it gives the same configuration again. */
export function toConfigFile(configuration: Configuration): Readonly<Record<string, unknown>> {
  const { enclave, operations, ws, tls, exchanges, session } = configuration
  const optional = {
    backend_url: configuration.backendUrl,
    private_key: configuration.privateKeyFile,
    endorsements: configuration.endorsementFolder,
    endorsement_url: configuration.endorsementUrl,
    data_key: configuration.dataKeyFile,
    database_url: configuration.databaseUrl,
    tls_cert: tls?.certFile ?? null,
    tls_key: tls?.keyFile ?? null,
    child_uid: configuration.childUid,
  }
  return {
    host: enclave.host,
    port: enclave.port,
    operations_host: operations.host,
    operations_port: operations.port,
    ws_port: ws.port,
    tee: configuration.insecureSimulated ? 'auto' : configuration.tee,
    insecure_simulated: configuration.insecureSimulated,
    state: configuration.stateFolder,
    take_over: configuration.takeOver,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
    allow_plain_registration: configuration.allowPlainRegistration,
    allow_trading_keys: configuration.allowTradingKeys,
    allowed_origins: configuration.allowedOrigins,
    allowed_hosts: configuration.allowedHosts,
    trusted_proxies: configuration.trustedProxies,
    log_level: configuration.logLevel,
    exchanges: Object.fromEntries(exchangeIds.map((id) => [id, exchangeEntry(exchanges[id])])),
    session: { ttl_default_s: session.ttlDefaultS, ttl_max_s: session.ttlMaxS },
    grace_seconds: configuration.graceSeconds,
    backfill_days: configuration.backfillDays,
    benchmarks: configuration.benchmarks,
    ingest: { profile: configuration.ingest.profile },
    witnesses: configuration.witnesses,
    egress_addresses: configuration.egressAddresses,
    streams_max: configuration.streamsMax,
    limits: limitsOf(configuration.limits),
  }
}

function exchangeEntry(exchange: ExchangeConfiguration | undefined): Readonly<Record<string, unknown>> {
  if (exchange === undefined) return { enabled: false }
  return exchange.baseUrl === null ? { enabled: true } : { enabled: true, base_url: exchange.baseUrl }
}

function limitsOf(limits: RateLimits): Readonly<Record<string, number>> {
  return {
    connections_max: limits.connectionsMax,
    requests_per_address_per_minute: limits.requestsPerAddressPerMinute,
    boxes_per_second: limits.boxesPerSecond,
    quotes_per_second: limits.quotesPerSecond,
  }
}
