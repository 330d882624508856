import { cpSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { clock, testVault } from '../store/fixture.ts'
import { append, publisherOf } from './append.ts'

/** Appends once for each fault it is given, and tells at once what was acknowledged: it may not live to tell later. */

const [, , base = '', work = '', witnessEntry = '', ...cases] = process.argv

const tell = (what: object): void => void writeSync(1, `${JSON.stringify(what)}\n`)

/** The preloaded library hears it. */
function order(fault: string): string {
  try {
    openSync(`/fault/${fault}`, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
  }
  return 'nobody'
}

async function attempt(step: string, work: () => Promise<unknown>): Promise<void> {
  try {
    tell({ step, done: await work() })
  } catch (error) {
    tell({ step, code: error instanceof Error && 'code' in error ? error.code : String(error) })
  }
}

for (const name of cases) {
  const [when, kind, count] = name.split('-')
  const state = join(work, name)
  cpSync(base, state, { recursive: true })
  tell({ begun: name })
  if (when === 'start') order(`${kind}/${count}`)
  let store: Store | null = null
  await attempt('open', async () => {
    store = await openStore(state, { vault: testVault(), clock })
  })
  if (store !== null) {
    const opened: Store = store
    const publisher = await publisherOf(opened, `perf-agg/${name}`, witnessEntry)
    if (when === 'append') order(`${kind}/${count}`)
    for (let round = 0; round < 2; round += 1) {
      await attempt('append', () => append(opened))
      await attempt('publish', async () => (await publisher.publish()).size)
    }
    await attempt('close', () => opened.close())
  }
  tell({ over: name, met: order('over') === 'ENOENT' })
}
