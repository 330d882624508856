import { readFileSync } from 'node:fs'
import { url as inspectorUrl } from 'node:inspector'
import { PerfAggError } from '@perf-agg/sdk'

/** What of the surroundings could make an enclave do, trust or show something that was not measured. */
export interface Weakness {
  readonly code: string
  readonly message: string
  readonly hint: string
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Node's own flags (`process.execArgv`). */
  readonly nodeFlags: readonly string[]
  readonly inspectorOpen: boolean
  /** May this process leave a core dump? Null where the platform does not say. */
  readonly coreDumps: boolean | null
}

/** Variables of the environment that change which code runs, whom TLS trusts, or where bytes go. */
const variables: readonly { pattern: RegExp; what: string }[] = [
  { pattern: /^NODE_OPTIONS$/, what: 'loads code and changes flags of every Node process' },
  { pattern: /^NODE_TLS_REJECT_UNAUTHORIZED$/, what: 'can switch certificate checks off' },
  { pattern: /^NODE_EXTRA_CA_CERTS$/, what: 'adds certificate authorities' },
  { pattern: /^NODE_USE_SYSTEM_CA$/, what: 'adds certificate authorities' },
  { pattern: /^SSL_CERT_(FILE|DIR)$/, what: 'replaces certificate authorities' },
  { pattern: /^OPENSSL_(CONF|MODULES|ENGINES)$/, what: 'loads cryptographic code' },
  { pattern: /^SSLKEYLOGFILE$/, what: 'writes TLS secrets to a file' },
  { pattern: /^(HTTPS?|ALL|WSS?|FTP|SOCKS)_PROXY$/i, what: 'sends requests through a proxy' },
  { pattern: /^NODE_USE_ENV_PROXY$/, what: 'sends requests through a proxy' },
  { pattern: /^(LD|DYLD)_[A-Z_]+$/, what: 'loads other libraries into the process' },
  { pattern: /^NODE_PATH$/, what: 'loads modules from elsewhere' },
  {
    pattern: /^NODE_COMPILE_CACHE$/,
    what: 'runs compiled code that lies in a folder, whatever the source says',
  },
  { pattern: /^NODE_(DEBUG|DEBUG_NATIVE|V8_COVERAGE|REDIRECT_WARNINGS)$/, what: 'writes internals out' },
]

/** Flags of Node that open the process or write its memory out. */
const flags: readonly { pattern: RegExp; what: string }[] = [
  { pattern: /^--(inspect|inspect-brk|inspect-wait|inspect-port|debug-port)\b/, what: 'opens the debugger' },
  { pattern: /^(-r|--require|--import|--loader|--experimental-loader)\b/, what: 'loads other code first' },
  {
    pattern: /^--(use-openssl-ca|use-system-ca|use-env-proxy|openssl-config)\b/,
    what: 'changes whom TLS trusts',
  },
  { pattern: /^--(insecure-http-parser|tls-min-v1\.[01])\b/, what: 'loosens a parser or TLS' },
  {
    pattern: /^--(heapsnapshot|heap-prof|cpu-prof|prof\b|report-|abort-on-uncaught|tls-keylog|trace-)/,
    what: 'writes memory or internals out',
  },
]

/** Everything that weakens this process, each with the way out; empty is good. Values are never shown. */
export function findWeaknesses(around: Surroundings): Weakness[] {
  const found: Weakness[] = []
  for (const name of Object.keys(around.environment).toSorted()) {
    const value = around.environment[name]
    const entry =
      value === undefined || value === '' ? undefined : variables.find(({ pattern }) => pattern.test(name))
    if (entry === undefined) continue
    found.push({
      code: 'ENVIRONMENT_REFUSED',
      message: `${name} is set: it ${entry.what}`,
      hint: `start without it: env -u ${name} perf-agg serve …`,
    })
  }
  for (const flag of around.nodeFlags) {
    const entry = flags.find(({ pattern }) => pattern.test(flag))
    const name = flag.split('=')[0] ?? flag
    if (entry === undefined) continue
    found.push({
      code: 'NODE_FLAG_REFUSED',
      message: `node runs with ${name}: it ${entry.what}`,
      hint: `start without ${name}`,
    })
  }
  if (around.inspectorOpen) {
    found.push({
      code: 'INSPECTOR_OPEN',
      message: "the debugger's port is open: whoever reaches it reads every key",
      hint: 'start without --inspect',
    })
  }
  if (!around.nodeFlags.includes('--disable-sigusr1')) {
    found.push({
      code: 'INSPECTOR_SIGNAL',
      message: 'a SIGUSR1 would open the debugger',
      hint: 'start node with --disable-sigusr1',
    })
  }
  if (around.coreDumps === true) {
    found.push({
      code: 'CORE_DUMPS_ON',
      message: 'a crash would write the whole memory to disk',
      hint: 'ulimit -c 0 (systemd: LimitCORE=0, docker: --ulimit core=0)',
    })
  }
  return found
}

/**
 * In a TEE a single weakness refuses the start; simulated, they are handed back to be warned of.
 * @throws PerfAggError SURROUNDINGS_UNSAFE, naming all of them
 */
export function judgeSurroundings(weaknesses: readonly Weakness[], simulated: boolean): readonly Weakness[] {
  if (simulated || weaknesses.length === 0) return weaknesses
  const messages = weaknesses.map(({ message }) => message)
  const hints = [...new Set(weaknesses.map(({ hint }) => hint))]
  throw new PerfAggError('SURROUNDINGS_UNSAFE', `not safe to start in a TEE: ${messages.join('; ')}`, {
    action: 'stop',
    hint: hints.join('; '),
  })
}

/** What surrounds this very process. */
export function surroundingsOf(process: {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly execArgv: readonly string[]
}): Surroundings {
  return {
    environment: process.env,
    nodeFlags: process.execArgv,
    inspectorOpen: inspectorUrl() !== undefined,
    coreDumps: coreDumps(),
  }
}

/** The soft limit decides what a crash leaves behind. */
function coreDumps(): boolean | null {
  try {
    const line = /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return line === null ? null : line[1] !== '0'
  } catch {
    return null
  }
}
