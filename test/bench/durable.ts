import { equal } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { newSigner } from '../../src/enclave/signer.ts'
import { leafOfStatement } from '../../src/log/leaf.ts'
import type { Head } from '../../src/statement/claim.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { hour, issuer, subject } from '../statement/fixture.ts'
import { account, clock, testVault } from '../store/fixture.ts'
import { hourMs } from '@perf-agg/sdk'
import type { Bench } from './row.ts'

/** Statements of an hour: signed, logged and on the disk, against SQLite's own commits of rows as long. */
export const durable: Bench = {
  name: 'durable statements',
  run: async (quick) => {
    const folder = mkdtempSync(join(tmpdir(), 'perf-agg-bench-'))
    const store = await openStore(join(folder, 'state'), { vault: testVault(), clock })
    try {
      const accounts = quick ? 4 : 500
      const rounds = quick ? 1 : 20
      const chains = await Promise.all(Array.from({ length: accounts }, (_, index) => chainOf(store, index)))
      const [first] = chains
      const singles = quick ? 2 : 2_000
      const alone = await perSecond(singles, async () => {
        for (let count = 0; count < singles; count += 1) await first!()
      })
      const loaded = await perSecond(accounts * rounds, async () => {
        for (let round = 0; round < rounds; round += 1) await Promise.all(chains.map((next) => next()))
      })
      equal((await store.logHead()).size, singles + accounts * rounds, 'every statement has its leaf')
      const bytes = (await store.statementAt('account-0', 1))!.body.length
      const bare = sqliteAlone(folder, bytes, singles)
      return [
        {
          name: 'statement of an hour signed, logged and durable, one after the other',
          value: alone / 1e3,
          unit: 'k/s',
          limit: { name: `SQLite WAL FULL, a row of ${(bytes / 1e3).toFixed(1)} kB`, value: bare / 1e3 },
          goal: "≥ 60 % of SQLite's own",
          reached: alone >= 0.6 * bare,
        },
        {
          name: `the same from ${accounts} accounts at once`,
          value: loaded / 1e3,
          unit: 'k/s',
          limit: null,
          goal: '≥ 10 k/s',
          reached: loaded >= 10_000,
        },
      ]
    } finally {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** A chain of its own; each call adds the next hour and resolves once it is durable. */
async function chainOf(store: Store, index: number): Promise<() => Promise<void>> {
  const name = `account-${index}`
  await store.commit((tx) => tx.insertAccount(account(name)))
  const made = issuer({ signer: sharedSigner })
  const own = { ...subject, account: name }
  let head: Head = { sequence: 0, digest: null }
  return async () => {
    const at = head.sequence
    const claim = { type: 'period', hours: [hour(at)] } as const
    const issued = await made.issue(own, head, claim, claim.hours[0].startMs + hourMs + 90_000)
    await store.commit((tx) => tx.appendStatement({ ...issued, leaf: leafOfStatement(issued) }))
    head = issued
  }
}

const sharedSigner = newSigner()

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const began = process.hrtime.bigint()
  await work()
  return count / (Number(process.hrtime.bigint() - began) / 1e9)
}

/** The same disk and the same promises, of one row and nothing else. */
function sqliteAlone(folder: string, bytes: number, count: number): number {
  const database = new DatabaseSync(join(folder, 'alone.db'))
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table t (id integer primary key, body blob)',
  )
  const insert = database.prepare('insert into t (body) values (?)')
  const body = new Uint8Array(bytes)
  const began = process.hrtime.bigint()
  for (let at = 0; at < count; at += 1) insert.run(body)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  database.close()
  return count / seconds
}
