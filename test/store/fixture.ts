import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { openStore } from '../../src/store/open.ts'
import type { NewAccount, NewSession, NewStatement, Store } from '../../src/store/store.ts'
import { createVault, type Vault } from '../../src/store/vault.ts'

export const hourMs = 3_600_000
export const clock = { nowMs: () => 1_763_900_000_000 }

export function testVault(byte = 7): Vault {
  return createVault(new Uint8Array(32).fill(byte))
}

/** A folder of its own, removed when the test ends. */
export function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'perf-agg-store-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export async function open(t: Test, path = join(folder(t), 'state'), vault = testVault()): Promise<Store> {
  const store = await openStore(path, { vault, clock })
  t.teardown(() => store.close())
  return store
}

export function account(pseudonym = 'account-a', change: Partial<NewAccount> = {}): NewAccount {
  return {
    pseudonym,
    exchange: 'binance',
    environment: 'live',
    clientKey: null,
    firstRegisteredAtMs: 1_000,
    firstObservedAtMs: null,
    scope: ['spot'],
    published: null,
    ...change,
  }
}

export function session(idHash = 'id-a', change: Partial<NewSession> = {}): NewSession {
  return {
    idHash,
    viewIdHash: `view-${idHash}`,
    account: 'account-a',
    clientId: 'trader-john',
    label: 'main',
    exchange: 'binance',
    environment: 'live',
    status: 'active',
    permissions: 'read-only',
    ownership: 'key-holder',
    registration: 'sealed',
    boxDigest: 'sha256:00',
    replyKey: new Uint8Array([1, 2, 3]),
    clientKey: null,
    settings: '{}',
    createdAtMs: 1_000,
    expiresAtMs: 9_000,
    credentials: Buffer.from('{"api_key":"K-very-secret"}'),
    ...change,
  }
}

export function digest(pseudonym: string, sequence: number): string {
  return `sha256:${Buffer.from(`${pseudonym}/${sequence}`).toString('hex').padStart(64, '0')}`
}

/** The n-th link of a chain that states one hour a link. */
export function statement(
  pseudonym: string,
  sequence: number,
  change: Partial<NewStatement> = {},
): NewStatement {
  const startMs = sequence * hourMs
  return {
    account: pseudonym,
    sequence,
    previous: sequence === 1 ? null : digest(pseudonym, sequence - 1),
    digest: digest(pseudonym, sequence),
    type: 'period',
    periodStartMs: startMs,
    periodEndMs: startMs + hourMs,
    hours: [startMs],
    issuedAtMs: startMs + hourMs + 90_000,
    body: Buffer.from(`{"sequence":${sequence}}`),
    leaf: { entry: Buffer.from(`${pseudonym}/${sequence}`), salt: new Uint8Array(32) },
    ...change,
  }
}
