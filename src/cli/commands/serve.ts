import { homedir } from 'node:os'
import { type Command, Option } from 'commander'
import {
  type Configuration,
  configurationDigest,
  loadConfiguration,
  publicConfiguration,
} from '../../daemon/configuration/config.ts'
import { toConfigFile } from '../../daemon/configuration/public-configuration.ts'
import { examples } from '../command.ts'
import { printJson } from '../terminal/terminal.ts'

/** Flags by the name they have in the config file; the configuration itself reads and checks their values. */
export function define(command: Command): void {
  examples(
    command,
    'perf-agg serve --insecure-simulated',
    'perf-agg serve --tee sev-snp --data-key /run/keys/data.key --backend-url https://backend.example',
    'perf-agg serve --config perf-agg.json --check',
  )
    .option('--check', 'print the effective configuration and its digest, and exit')
    .option('--config <file>', 'JSON; the names of these flags in snake_case, and more (perf-agg help serve)')
    .option('--state <dir>', 'where sessions and statements are kept (~/.local/state/perf-agg)')
    .option('--take-over', 'a daemon that runs over this state hands its record over to this one, and ends')
    .option('--host <host>', 'the enclave API and the WebSocket listen here (127.0.0.1, ENCLAVE_HOST)')
    .option('--port <n>', 'the enclave API (3000, ENCLAVE_PORT); 0 takes a free one')
    .option('--operations-host <host>', 'the operations API listens here (127.0.0.1, AGGREGATOR_HOST)')
    .option('--operations-port <n>', 'the operations API (5000, AGGREGATOR_PORT)')
    .option('--ws-port <n>', 'the WebSocket (5010, AGGREGATOR_WS_PORT)')
    .option('--backend-url <url>', 'statements are posted to URL/api/ingest (AGGREGATOR_BACKEND_URL)')
    .option('--private-key <file>', 'the Ed25519 key of the wire signature, PEM (AGGREGATOR_PRIVATE_KEY)')
    .addOption(
      new Option('--tee <kind>', 'pin the hardware (auto)').choices([
        'auto',
        'tdx',
        'sev-snp',
        'nitro',
        'dstack-tdx',
      ]),
    )
    .option('--insecure-simulated', 'no hardware: what is signed then proves nothing')
    .option(
      '--endorsements <dir>',
      'what makers of hardware publish, from a folder of yours instead of their services',
    )
    .option('--endorsement-url <url>', "a caching service in place of Intel's and AMD's own")
    .option('--data-key <file>', 'the key that wraps what is stored; outside the state folder')
    .option('--child-uid <n>', 'user of the processes that reach exchanges (61000 where started as root)')
    .option('--database-url <url>', 'PostgreSQL in place of the embedded SQLite; password by PGPASSFILE')
    .option('--allow-plain-registration', 'take credentials that are not sealed; every statement says so')
    .option(
      '--allow-trading-keys',
      'take keys that may trade, never ones that may withdraw; every statement says so',
    )
    .option('--tls-cert <file>', 'certificate chain, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--allowed-origin <origin...>', 'pages of this origin may call the enclave API')
    .option('--allowed-host <name...>', 'a name the enclave is reached by through a proxy')
    .option('--trusted-proxy <network...>', 'believe X-Forwarded-For of these, for rate limits')
    .addOption(
      new Option('--log-level <level>', 'how much is logged on stderr (info)').choices([
        'error',
        'warn',
        'info',
        'debug',
      ]),
    )
    .action(serve)
}

async function serve(
  given: Readonly<Record<string, string | boolean | string[] | undefined>>,
): Promise<void> {
  const { check, allowedOrigin, allowedHost, trustedProxy, ...rest } = given
  const flags = Object.fromEntries(
    Object.entries({
      ...rest,
      allowedOrigins: allowedOrigin,
      allowedHosts: allowedHost,
      trustedProxies: trustedProxy,
    }).map(([name, value]) => [name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  )
  const configuration = loadConfiguration({
    flags,
    environment: process.env,
    home: homedir(),
    cwd: process.cwd(),
  })
  if (check === true) return printCheck(configuration)
  const { runDaemon } = await import('./serve-run.ts')
  await runDaemon(configuration)
}

async function printCheck(configuration: Configuration): Promise<void> {
  printJson({
    effective: toConfigFile(configuration),
    quoted: publicConfiguration(configuration),
    config_digest: await configurationDigest(configuration),
  })
}
