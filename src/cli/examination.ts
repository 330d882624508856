import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PerfAggError, UnreachableError } from '@perf-agg/sdk'
import type { Configuration } from '../daemon/configuration/config.ts'
import type { Attester } from '../enclave/attester.ts'
import { findAttester } from '../enclave/detection.ts'
import { findWeaknesses, surroundingsOf } from '../enclave/hardening.ts'
import { openMountedKey } from '../enclave/mounted-key.ts'
import { systemCode } from './input/key-file.ts'

/** What of this machine would stop `serve` or `register`; nothing is changed by looking. */

export interface Finding {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'stops'
  readonly detail: string
  readonly hint?: string
}

const spaceBytesMin = 256 * 1_048_576
const clockSkewMsMax = 60_000

export async function examine(
  configuration: Configuration | null,
  serviceUrl: string | null,
): Promise<Finding[]> {
  const findings: Finding[] = [node(), bundles()]
  if (configuration !== null) {
    findings.push(...(await ports(configuration)), stateFolder(configuration), ...keys(configuration))
    findings.push(...(await tee(configuration)), ...surroundings(configuration))
  }
  findings.push(clock())
  if (serviceUrl !== null) findings.push(...(await service(serviceUrl)))
  return findings
}

function node(): Finding {
  const detail = `Node ${process.versions.node}, ${process.platform} ${process.arch}`
  if (!process.allowedNodeEnvironmentFlags.has('--permission')) {
    return { name: 'node', state: 'stops', detail, hint: 'needs a Node with --permission: 24 or later' }
  }
  return process.platform === 'win32'
    ? {
        name: 'node',
        state: 'warning',
        detail,
        hint: 'serve is made for Linux; register and verify work here',
      }
    : { name: 'node', state: 'ok', detail }
}

function bundles(): Finding {
  const missing = ['collector', 'egress'].filter(
    (name) => !existsSync(fileURLToPath(new URL(`../${name}/main.js`, import.meta.url))),
  )
  return missing.length === 0
    ? { name: 'bundles', state: 'ok', detail: 'collector and egress are there' }
    : { name: 'bundles', state: 'stops', detail: `${missing.join(' and ')} not built`, hint: 'npm run build' }
}

async function ports({ enclave, operations, ws }: Configuration): Promise<Finding[]> {
  const wanted = [
    { flag: '--port', ...enclave },
    { flag: '--operations-port', ...operations },
    { flag: '--ws-port', ...ws },
  ]
  return Promise.all(
    wanted.map(async ({ flag, host, port }): Promise<Finding> => {
      const name = `port ${port}`
      const problem = await tryListen(host, port)
      if (problem === null) return { name, state: 'ok', detail: `free on ${host}` }
      const taken = problem === 'EADDRINUSE'
      const hint = taken
        ? `${flag} takes another (0: a free one)`
        : 'ports below 1024 need rights; the address must be of this machine'
      return {
        name,
        state: 'stops',
        detail: taken ? `taken on ${host}` : `can't listen on ${host} (${problem})`,
        hint,
      }
    }),
  )
}

function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(systemCode(error)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
}

function stateFolder({ stateFolder: folder }: Configuration): Finding {
  const name = 'state folder'
  let place = folder
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  try {
    if (!statSync(place).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    accessSync(place, constants.W_OK | constants.X_OK)
  } catch (error) {
    return {
      name,
      state: 'stops',
      detail: `${folder}: can't write (${systemCode(error)})`,
      hint: '--state names another',
    }
  }
  if (place === folder && process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) {
    return { name, state: 'warning', detail: `${folder} is open to others`, hint: `chmod 700 ${folder}` }
  }
  const { bavail, bsize } = statfsSync(place)
  const freeBytes = bavail * bsize
  const detail = `${folder}, ${Math.floor(freeBytes / 1_048_576).toLocaleString('en-US')} MiB free`
  return freeBytes < spaceBytesMin
    ? { name, state: 'warning', detail, hint: 'a full disk stops every signature: make room' }
    : { name, state: 'ok', detail: place === folder ? detail : `${detail}; will be made` }
}

function keys({ dataKeyFile, dataKeyCreate, privateKeyFile }: Configuration): Finding[] {
  const findings: Finding[] = []
  if (privateKeyFile !== null) {
    try {
      openMountedKey(privateKeyFile).close()
      findings.push({ name: 'private key', state: 'ok', detail: privateKeyFile })
    } catch (error) {
      findings.push(stopsBy('private key', error))
    }
  }
  if (dataKeyFile !== null) {
    const there = existsSync(dataKeyFile)
    const exposed = there && process.platform !== 'win32' && (statSync(dataKeyFile).mode & 0o077) !== 0
    if (exposed) {
      findings.push({
        name: 'data key',
        state: 'stops',
        detail: `${dataKeyFile} is open to others`,
        hint: `chmod 600 ${dataKeyFile}`,
      })
    } else if (!there && !dataKeyCreate) {
      const hint = `make one for a new state folder: (umask 077; openssl rand -base64 32 > ${dataKeyFile})`
      findings.push({ name: 'data key', state: 'stops', detail: `${dataKeyFile} is not there`, hint })
    } else {
      findings.push({
        name: 'data key',
        state: 'ok',
        detail: there ? dataKeyFile : `${dataKeyFile} will be made`,
      })
    }
  }
  return findings
}

async function tee(configuration: Configuration): Promise<Finding[]> {
  const { tee: wish, insecureSimulated, endorsementFolder, dataKeyFile } = configuration
  let attester: Attester
  try {
    attester = await findAttester({ tee: wish, insecureSimulated, endorsementFolder })
  } catch (error) {
    return [stopsBy('hardware', error)]
  }
  const found: Finding = insecureSimulated
    ? {
        name: 'hardware',
        state: 'warning',
        detail: 'simulated: what is signed proves nothing',
        hint: 'for trying out only',
      }
    : {
        name: 'hardware',
        state: 'ok',
        detail: attester.tee,
      }
  return dataKeyFile === null ? [found, platformKey(attester)] : [found]
}

function platformKey({ tee: kind, keys: platform }: Attester): Finding {
  if (platform !== null) return { name: 'data key', state: 'ok', detail: `wrapped by ${platform.platform}` }
  const hint = 'give one with --data-key FILE (outside the state folder)'
  return { name: 'data key', state: 'stops', detail: `${kind} derives none`, hint }
}

function surroundings({ insecureSimulated }: Configuration): Finding[] {
  // `perf-agg serve` gives itself the flag against SIGUSR1; this process has no need of it.
  const weaknesses = findWeaknesses(surroundingsOf(process)).filter(({ code }) => code !== 'INSPECTOR_SIGNAL')
  if (weaknesses.length === 0)
    return [{ name: 'surroundings', state: 'ok', detail: 'nothing loads foreign code or opens memory' }]
  return weaknesses.map(({ message, hint }) => ({
    name: 'surroundings',
    state: insecureSimulated ? 'warning' : 'stops',
    detail: message,
    hint,
  }))
}

function clock(): Finding {
  const synchronized = [
    '/run/systemd/timesync/synchronized',
    '/run/chrony',
    '/run/ntpd.pid',
    '/var/run/ntpd.pid',
  ].some(existsSync)
  const detail = new Date().toISOString()
  return synchronized
    ? { name: 'clock', state: 'ok', detail: `${detail}, kept by a time service` }
    : {
        name: 'clock',
        state: 'warning',
        detail: `${detail}; no time service found`,
        hint: 'more than 60 s off an exchange, and signing pauses: run chrony or systemd-timesyncd',
      }
}

async function service(url: string): Promise<Finding[]> {
  const { getJson } = await import('./input/request.ts')
  try {
    const ready = await getJson(`${url}/readyz`)
    const state = ready.status === 200 ? 'ok' : 'warning'
    const findings: Finding[] = [
      {
        name: 'enclave',
        state,
        detail: `${url} answers ${ready.status}`,
        hint: `perf-agg status --service-url ${url}`,
      },
    ]
    if (ready.atMs !== null && Math.abs(ready.atMs - Date.now()) > clockSkewMsMax) {
      const detail = `${Math.round((Date.now() - ready.atMs) / 1000)} s off the enclave's`
      findings.push({
        name: 'clock',
        state: 'stops',
        detail,
        hint: 'registration refuses quotes and boxes this stale: set the clock',
      })
    }
    return findings
  } catch (error) {
    if (error instanceof UnreachableError) return [stopsBy('enclave', error)]
    throw error
  }
}

function stopsBy(name: string, error: unknown): Finding {
  if (!(error instanceof PerfAggError)) throw error
  return {
    name,
    state: 'stops',
    detail: `${error.message} (${error.code})`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  }
}
