/**
 * A record of one year of hours: how large it is, and how long it takes to verify, here and in a browser.
 * `node --conditions=@perf-agg/source test/page/year.ts [hours]`
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import {
  canonicalBytes,
  parseEitherRecord,
  parseJson,
  publicRecordOf,
  verdictOf,
  verifyRecord,
} from '@perf-agg/sdk'
import { tearsheetOf } from '../../src/page/tearsheet.ts'
import { findChromium } from '../browser/chromium.ts'
import { Browser } from '../browser/devtools.ts'
import { makeRecord } from './made-record.ts'
import { bundleWithRoots } from './rooted-page.ts'

const hours = Number(process.argv[2] ?? 8_760)
const folder = mkdtempSync(`${tmpdir()}/year-`)
const { record, policy, roots } = await makeRecord(folder, {
  hours,
  backfilled: 240,
  gaps: [[500, 512, 'exchange-unreachable']],
})
const assets = await bundleWithRoots(roots!)
const program = findChromium()
const browser = program === null ? null : await Browser.start(program, `${folder}/browser`)

async function timed<Value>(work: () => Value | Promise<Value>): Promise<[Value, string]> {
  const [begunMs, cpu] = [performance.now(), process.cpuUsage()]
  const value = await work()
  const { user, system } = process.cpuUsage(cpu)
  return [
    value,
    `${((performance.now() - begunMs) / 1_000).toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of processor)`,
  ]
}

for (const [name, each] of [
  ['with amounts', record],
  ['in percentages', await publicRecordOf(record)],
] as const) {
  const bytes = canonicalBytes(each)
  const [parsed, parsing] = await timed(() => parseEitherRecord(parseJson(bytes, { bytesMax: 1e9 })))
  const [{ steps }, verifying] = await timed(() =>
    verifyRecord(parsed, { policy, nowMs: Date.now(), roots: roots! }),
  )
  const page = tearsheetOf(assets, each, { version: '0.2.0', policy, insecureSimulated: false })
  const megabytes = (count: number): string => `${(count / 1e6).toFixed(2)} MB`
  console.log(`${name}: ${each.statements.length} statements, ${verdictOf(steps)}`)
  console.log(
    `  record ${megabytes(bytes.length)}, packed ${megabytes(gzipSync(bytes).length)}, page ${megabytes(page.length)}`,
  )
  console.log(`  read ${parsing}, verified ${verifying}`)
  if (browser === null) continue
  const path = `${folder}/page.html`
  writeFileSync(path, page)
  const begunMs = performance.now()
  const shown = await browser.open(`file://${path}`)
  const verdict = await shown.verdict(300_000)
  const verifiedMs = await shown.evaluate<string>('document.documentElement.dataset.verifiedMs')
  console.log(
    `  in Chromium: ${verdict}, verified in ${(Number(verifiedMs) / 1_000).toFixed(1)} s, shown after ${((performance.now() - begunMs) / 1_000).toFixed(1)} s`,
  )
  await shown.close()
}
browser?.close()
rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
