import { statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { account, clock, statement, testVault } from './fixture.ts'

/** Runs on a disk that is about to be full or to fail, and says what the store did. */
const [, , scene, path] = process.argv
if (path === undefined) throw new Error('no folder')

async function codeOf(commit: Promise<unknown>): Promise<string> {
  return commit.then(
    () => 'kept',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )
}

const body = Buffer.alloc(20_000, 'x')
let acknowledged = 0

/** Statements until one is refused. */
async function fill(store: Store): Promise<string> {
  for (;;) {
    const next = statement('account-a', acknowledged + 1, { body })
    const code = await codeOf(store.commit((tx) => tx.appendStatement(next)))
    if (code !== 'kept') return code
    acknowledged += 1
  }
}

const head = async (store: Store) => (await store.account('account-a'))?.head.sequence

const store = await openStore(path, { vault: testVault(), clock })
await store.commit((tx) => tx.insertAccount(account()))

if (scene === 'full') {
  const { bavail, bsize } = statfsSync(path)
  const ballast = join(dirname(path), 'ballast')
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 2_000_000)))
  const refused = await fill(store)
  const condition = store.condition
  const headAfterRefusal = (await head(store)) === acknowledged
  const gap = statement('account-a', acknowledged + 1, { type: 'gap', hours: [] })
  const urgent = await codeOf(store.commit((tx) => tx.appendStatement(gap), { urgent: true }))
  if (urgent === 'kept') acknowledged += 1
  const stillRefused = await fill(store)
  unlinkSync(ballast)
  const probe = await store.probe()
  const goesOn = (await codeOf(store.commit((tx) => tx.setMeta('a', 'b')))) === 'kept'
  await store.close()
  const again = await openStore(path, { vault: testVault(), clock })
  const afterRestart = (await head(again)) === acknowledged
  await again.close()
  console.log(
    JSON.stringify({
      refused,
      condition,
      headAfterRefusal,
      urgent,
      stillRefused,
      probe,
      goesOn,
      afterRestart,
    }),
  )
} else {
  const refused = await fill(store)
  const nothingElse = await codeOf(store.commit((tx) => tx.setMeta('a', 'b')))
  const reads = (await head(store)) === acknowledged
  console.log(JSON.stringify({ refused, condition: store.condition, nothingElse, reads, acknowledged }))
  // as a crash: closing would write
  process.exit(0)
}
