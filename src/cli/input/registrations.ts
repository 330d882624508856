import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  importSigningKey,
  InputError,
  PerfAggError,
  type Policy,
  type PrivateJwk,
  type SessionAccess,
  type SigningKey,
} from '@perf-agg/sdk'
import { remark } from '../terminal/terminal.ts'

/**
 * What is kept of registrations, one a label, in the person's own configuration folder: a file only they can read.
 * Losing it loses no record: the figures can be read again after registering again. The client key is the one thing
 * that can't be had again: without it an account can't be ended or taken over before its session's time is up.
 */
export interface KeptRegistration {
  readonly clientId: string
  readonly serviceUrl: string
  readonly exchange: string
  readonly accountType: string
  readonly sandbox: boolean
  /** Public pseudonym; null while the exchange has not said whose account it is. */
  readonly account: string | null
  readonly registeredAt: string
  readonly expiresAt: string
  readonly access: SessionAccess
  /** What was trusted then; a restarted enclave is held to the same. */
  readonly policy: Policy | null
  readonly insecureSimulated: boolean
}

export interface Registrations {
  readonly path: string
  list(): readonly { readonly label: string; readonly kept: KeptRegistration }[]
  set(label: string, kept: KeptRegistration): void
  /** Its record can still be asked for. */
  end(label: string): void
  ended(): readonly { readonly label: string; readonly kept: KeptRegistration }[]
  /** The client's own key: one identity over all their accounts, kept when a session ends. */
  clientKey(clientId: string): Promise<SigningKey | null>
  keepClientKey(clientId: string, key: SigningKey): Promise<void>
}

interface Kept {
  accounts?: Record<string, KeptRegistration>
  ended?: Record<string, KeptRegistration>
  client_keys?: Record<string, PrivateJwk>
}

export async function openRegistrations(): Promise<Registrations> {
  const { default: Conf } = await import('conf')
  const store = new Conf<Kept>({
    projectName: 'perf-agg',
    projectSuffix: '',
    configName: 'registrations',
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
  })
  const { path } = store
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  warnWhenOpen(path)
  const accounts = () => Object.entries(store.get('accounts') ?? {})
  const ended = () => Object.entries(store.get('ended') ?? {})
  return {
    path,
    list: () => guard(path, accounts).map(([label, kept]) => ({ label, kept: readKept(kept, label, path) })),
    set: (label, kept) =>
      guard(path, () => store.set('accounts', Object.fromEntries([...accounts(), [label, kept]]))),
    end: (label) =>
      guard(path, () => {
        const ending = accounts().filter(([name]) => name === label)
        const others = ended().filter(([name]) => name !== label)
        store.set('ended', Object.fromEntries([...others, ...ending]))
        store.set('accounts', Object.fromEntries(accounts().filter(([name]) => name !== label)))
      }),
    ended: () => guard(path, ended).map(([label, kept]) => ({ label, kept: readKept(kept, label, path) })),
    async clientKey(clientId) {
      const keys = guard(path, () => new Map(Object.entries(store.get('client_keys') ?? {})))
      const jwk = keys.get(clientId)
      return jwk === undefined ? null : importSigningKey(jwk)
    },
    async keepClientKey(clientId, key) {
      const jwk = await key.toPrivateJwk()
      guard(path, () => store.set('client_keys', { ...store.get('client_keys'), [clientId]: jwk }))
    },
  }
}

function warnWhenOpen(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || process.platform === 'win32' || (stat.mode & 0o077) === 0) return
  remark(`perf-agg: ${path} is open to others, and it holds keys: chmod 600 ${path}`)
}

/** The store's own messages may quote the file. */
function guard<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch {
    throw new PerfAggError('REGISTRATIONS_UNUSABLE', `can't use ${path}`, {
      hint: 'is it readable, and JSON? moved away, it is begun anew; sessions then need registering again',
    })
  }
}

/** The file is ours, and still somebody may have edited it. */
function readKept(value: unknown, label: string, path: string): KeptRegistration {
  const members = ['clientId', 'serviceUrl', 'exchange', 'registeredAt', 'expiresAt', 'access']
  if (typeof value === 'object' && value !== null && members.every((name) => name in value))
    return value as KeptRegistration
  throw new InputError('REGISTRATION_INVALID', `${JSON.stringify(label)} in ${path} is incomplete`, {
    hint: 'take it out of the file and register again',
  })
}

/** By label, by session id or by view id; the only one there is where nothing is asked. One that lasts goes before. */
export function findRegistration(
  registrations: Registrations,
  wanted: string | undefined,
  which: 'lasting' | 'ended too' = 'lasting',
): { readonly label: string; readonly kept: KeptRegistration } {
  const all = [...registrations.list(), ...(which === 'lasting' ? [] : registrations.ended())]
  const [first] = all
  if (first === undefined) {
    throw new InputError('NOTHING_REGISTERED', 'nothing is registered from here', {
      hint: 'perf-agg register --help',
    })
  }
  if (wanted === undefined) {
    if (all.length === 1) return first
    const main = all.find(({ label }) => label === 'main')
    if (main !== undefined) return main
    throw new InputError('LABEL_MISSING', 'several accounts are registered from here: say which', {
      hint: all.map(({ label }) => label).join(', '),
    })
  }
  const found = all.find(
    ({ label, kept }) =>
      label === wanted || kept.access.sessionId === wanted || kept.access.viewId === wanted,
  )
  if (found !== undefined) return found
  // What was typed may be a session id: it is not repeated.
  throw new InputError('LABEL_UNKNOWN', 'no account is registered from here under that label or id', {
    hint: `there are ${all.map(({ label }) => label).join(', ')}`,
  })
}
