import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  configurationDigest,
  loadConfiguration,
  publicConfiguration,
} from '../../src/daemon/configuration/config.ts'
import { toConfigFile } from '../../src/daemon/configuration/public-configuration.ts'

const home = '/home/somebody'

function load(
  flags: Record<string, string | boolean | string[]> = {},
  environment: Record<string, string> = {},
  cwd = '/srv',
) {
  return loadConfiguration({ flags, environment, home, cwd })
}

function withFile(
  folder: string,
  file: unknown,
  flags: Record<string, string | boolean> = {},
  environment: Record<string, string> = {},
) {
  writeFileSync(join(folder, 'c.json'), typeof file === 'string' ? file : JSON.stringify(file))
  return load({ config: 'c.json', ...flags }, environment, folder)
}

t.test('defaults', async (t) => {
  const configuration = load()
  t.match(configuration, {
    enclave: { host: '127.0.0.1', port: 3000 },
    operations: { host: '127.0.0.1', port: 5000 },
    ws: { host: '127.0.0.1', port: 5010 },
    backendUrl: null,
    privateKeyFile: null,
    tee: 'auto',
    insecureSimulated: false,
    stateFolder: '/home/somebody/.local/state/perf-agg',
    dataKeyFile: null,
    dataKeyCreate: false,
    session: { ttlDefaultS: 86_400, ttlMaxS: 2_592_000 },
    graceSeconds: 90,
    ingest: { profile: 'full' },
  })
  t.strictSame(Object.keys(configuration.exchanges), [
    'binance',
    'bitget',
    'bybit',
    'coinbase',
    'gate',
    'hyperliquid',
    'kraken',
    'krakenfutures',
    'kucoin',
    'okx',
    'poloniex',
    'woo',
    'mock',
    'push',
  ])
  t.match(load({ insecure_simulated: true }), {
    tee: 'simulated',
    dataKeyFile: '/home/somebody/.config/perf-agg/data.key',
    dataKeyCreate: true,
  })
  t.equal(load({}, { XDG_STATE_HOME: '/var/state' }).stateFolder, '/var/state/perf-agg')
  t.equal(load({}, { XDG_STATE_HOME: 'relative' }).stateFolder, '/home/somebody/.local/state/perf-agg')
})

t.test('flags over environment over file', async (t) => {
  const folder = t.testdir()
  const file = {
    host: '10.0.0.1',
    port: 1,
    operations_port: 2,
    ws_port: 3,
    backend_url: 'https://file.example',
  }
  const environment = { ENCLAVE_HOST: '0.0.0.0', ENCLAVE_PORT: '11', AGGREGATOR_PORT: '12' }
  const configuration = withFile(folder, file, { port: '21' }, environment)
  t.strictSame(configuration.enclave, { host: '0.0.0.0', port: 21 })
  t.equal(configuration.operations.port, 12)
  t.strictSame(configuration.ws, { host: '0.0.0.0', port: 3 }, 'the WebSocket is where the enclave API is')
  t.equal(configuration.backendUrl, 'https://file.example')
  t.equal(load({}, { ENCLAVE_PORT: '' }).enclave.port, 3000, 'an empty variable is none')
})

t.test('paths start where they are written', async (t) => {
  const folder = t.testdir()
  t.equal(withFile(folder, { state: 'state' }, {}).stateFolder, join(folder, 'state'))
  t.equal(load({ state: 'state' }, {}, '/srv').stateFolder, '/srv/state')
})

t.test('every bad value has its code, and names its source', async (t) => {
  const folder = t.testdir()
  const flags: [string, string | boolean | string[], string][] = [
    ['port', '65536', 'PORT_INVALID'],
    ['port', '080', 'PORT_INVALID'],
    ['host', 'http://x', 'HOST_INVALID'],
    ['host', '999.1.1.1', 'HOST_INVALID'],
    ['backend_url', 'ftp://x', 'URL_INVALID'],
    ['backend_url', 'https://x/?a=1', 'URL_INVALID'],
    ['backend_url', 'https://me:secret@x', 'URL_WITH_CREDENTIALS'],
    ['database_url', 'postgres://me:secret@x/db', 'URL_WITH_CREDENTIALS'],
    ['database_url', 'postgres://me@x/db?password=secret', 'URL_WITH_CREDENTIALS'],
    ['database_url', 'mysql://x', 'URL_INVALID'],
    ['private_key', '-----BEGIN PRIVATE KEY-----secret', 'SECRET_IN_THE_OPEN'],
    ['data_key', `${'secret'.repeat(20)}`, 'SECRET_IN_THE_OPEN'],
    ['tee', 'sgx', 'CHOICE_UNKNOWN'],
    ['child_uid', '0', 'NUMBER_INVALID'],
    ['allowed_origins', ['*'], 'ORIGIN_INVALID'],
    ['allowed_origins', ['https://a.example/'], 'ORIGIN_INVALID'],
    ['allowed_hosts', ['a.example:443'], 'HOST_INVALID'],
    ['trusted_proxies', ['10.0.0.0/33'], 'NETWORK_INVALID'],
    ['tls_cert', 'cert.pem', 'TLS_INCOMPLETE'],
    ['log_level', 'loud', 'CHOICE_UNKNOWN'],
    ['state', '', 'TEXT_INVALID'],
    ['config', 'missing.json', 'CONFIG_UNREADABLE'],
  ]
  for (const [name, value, code] of flags) {
    const error = thrown(() => load({ [name]: value }))
    t.match(
      error,
      {
        code,
        message:
          name === 'tls_cert' || name === 'config' ? String : new RegExp(`^--${name.replaceAll('_', '-')} `),
      },
      `${name} ${String(value).slice(0, 20)}`,
    )
    t.notMatch(
      `${error.message} ${error.hint}`,
      /secretsecret|:secret|=secret|KEY-----secret/,
      'without a secret in it',
    )
  }
  const files: [unknown, string][] = [
    ['{"port":1,"port":2}', 'CONFIG_INVALID'],
    ['[]', 'CONFIG_INVALID'],
    ['{"port":1,}', 'CONFIG_INVALID'],
    ['// no\n{}', 'CONFIG_INVALID'],
    [{ prot: 1 }, 'CONFIG_KEY_UNKNOWN'],
    [{ constructor: 1 }, 'CONFIG_KEY_UNKNOWN'],
    [{ port: '3000' }, 'PORT_INVALID'],
    [{ insecure_simulated: 'true' }, 'SWITCH_INVALID'],
    [{ exchanges: { nosuch: {} } }, 'CONFIG_KEY_UNKNOWN'],
    [{ exchanges: { binance: { url: 'x' } } }, 'CONFIG_KEY_UNKNOWN'],
    [{ exchanges: { mock: { base_url: 'https://x' } } }, 'CONFIG_KEY_UNKNOWN'],
    [{ exchanges: { binance: { base_url: 'http://elsewhere.example' } } }, 'BASE_URL_INSECURE'],
    [{ session: { ttl_default_s: 100, ttl_max_s: 60 } }, 'SESSION_TTL_INVALID'],
    [{ session: [] }, 'CONFIG_INVALID'],
    [{ grace_seconds: 901 }, 'NUMBER_INVALID'],
    [{ grace_seconds: 1.5 }, 'NUMBER_INVALID'],
    [{ ingest: { profile: 'all' } }, 'CHOICE_UNKNOWN'],
    [{ witnesses: ['somebody'] }, 'WITNESS_INVALID'],
    [{ egress_addresses: ['my.host'] }, 'ADDRESS_INVALID'],
    [{ allowed_origins: 'https://a.example' }, 'LIST_INVALID'],
    [{ limits: { boxes_per_second: 0 } }, 'NUMBER_INVALID'],
    [{ port: 5000 }, 'PORTS_EQUAL'],
    [{ state: 'here', data_key: 'here/key' }, 'DATA_KEY_INSIDE_STATE'],
    [{ insecure_simulated: true, tee: 'tdx' }, 'TEE_CONTRADICTION'],
  ]
  for (const [file, code] of files) {
    t.match(
      thrown(() => withFile(folder, file)),
      { code, name: 'InputError' },
      JSON.stringify(file),
    )
  }
  t.throws(
    () => load({ port: '1' }, { ENCLAVE_PORT: 'x' }),
    { code: 'PORT_INVALID', message: /^ENCLAVE_PORT / },
    'overruled ones too',
  )
  t.doesNotThrow(() => load({ state: 'here', data_key: 'here-not/key' }))
})

t.test('what it prints is a config file that gives the same', async (t) => {
  const folder = t.testdir()
  const first = withFile(folder, {
    exchanges: { mock: { enabled: false }, binance: { base_url: 'http://127.0.0.1:9001/' } },
    insecure_simulated: true,
    allowed_origins: ['https://app.example'],
    trusted_proxies: ['10.0.0.0/8', '::1'],
    limits: { quotes_per_second: 7 },
    tls_cert: 'a.pem',
    tls_key: 'b.pem',
  })
  t.strictSame(withFile(folder, toConfigFile(first)), first)
})

t.test('the quoted configuration', async (t) => {
  const folder = t.testdir()
  const file = {
    private_key: 'wire.pem',
    data_key: 'data.key',
    backend_url: 'https://b.example/path',
    insecure_simulated: true,
  }
  const configuration = withFile(folder, file)
  const quoted = publicConfiguration(configuration)
  t.notMatch(JSON.stringify(quoted), folder, 'no path')
  t.match(quoted, {
    tee: 'simulated',
    wire_key: 'mounted',
    data_key: 'file',
    data_key_release: 'operator',
    backend: 'https://b.example',
    permission_policy: 'read-only',
  })
  t.match(quoted['exchanges'], {
    binance: { environments: ['live', 'sandbox'] },
    mock: { environments: ['self-reported'] },
  })

  const digest = await configurationDigest(configuration)
  t.match(digest, /^sha256:[0-9a-f]{64}$/)
  t.equal(
    await configurationDigest(withFile(folder, { ...file, port: 7, state: 's', log_level: 'debug' })),
    digest,
    'where it runs is no part',
  )
  const lies = [
    { allow_trading_keys: true },
    { allow_plain_registration: true },
    { exchanges: { binance: { base_url: 'http://127.0.0.1:1' } } },
    { exchanges: { push: { enabled: false } } },
    { grace_seconds: 0 },
    { ingest: { profile: 'minimal' } },
    { limits: { boxes_per_second: 1 } },
    { witnesses: [`w.example+0123abcd+${'A'.repeat(44)}`] },
  ]
  for (const lie of lies) {
    t.not(await configurationDigest(withFile(folder, { ...file, ...lie })), digest, JSON.stringify(lie))
  }
  t.match(
    publicConfiguration(
      withFile(folder, { ...file, exchanges: { binance: { base_url: 'https://api.example' } } }),
    ),
    {
      exchanges: { binance: { environments: ['simulated'] } },
    },
  )
})

function thrown(work: () => unknown): { code: string; message: string; hint?: string; name: string } {
  try {
    work()
  } catch (error) {
    return error as { code: string; message: string; hint?: string; name: string }
  }
  return { code: 'nothing was thrown', message: '', name: '' }
}
