import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fromBase64, parseJson, parseStatement, verdictOf, verifyStatement } from '@perf-agg/sdk'
import { differenceOf, readScript, runStep, sandbox } from '../cli/script.ts'
import { exampleKey, exampleStatement } from './example-statement.ts'
import { blocksOf, readPage } from './page.ts'

/** perf-agg-statement(5): its bytes, its verifier, its terminal session. */

const blocks = blocksOf(readPage('perf-agg-statement.5.md'))
const textOf = (kind: string) => blocks.find((block) => block.kind === kind)!.text

t.test('the statement shown is the one that its key signs', async (t) => {
  t.equal(textOf('json'), await exampleStatement())
  t.equal(textOf('text'), exampleKey)
  const statement = parseStatement(parseJson(textOf('json')))
  const steps = await verifyStatement(statement, [{ publicKey: fromBase64(exampleKey), holder: 'enclave' }])
  t.equal(verdictOf(steps), 'holds')
})

t.test('the verifier in Python', async (t) => {
  const verifier = textOf('python')
  t.ok(verifier.split('\n').length < 40, 'under 40 lines')
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' }
  const probe = spawnSync('python3', ['-c', 'import cryptography'], { env })
  if (probe.status !== 0) {
    t.comment('skipped: python3 with the cryptography package is not there')
    return
  }
  const folder = t.testdir({ 'verify.py': verifier })
  const run = (bytes: string) => {
    writeFileSync(join(folder, 'statement.json'), bytes)
    return spawnSync('python3', ['verify.py', 'statement.json', exampleKey], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
  }
  const good = textOf('json')
  t.match(run(good), { status: 0, stdout: /^holds: test-client-1 / })
  t.equal(run(`${good}\n`).status, 0, 'an editor may end the line')
  const bad = (what: string, bytes: string, why: RegExp) =>
    t.match(run(bytes), { status: 1, stderr: why }, what)
  bad(
    'refuses another volume',
    good.replace('"volume_quote":50000}', '"volume_quote":50001}'),
    /signature does not hold/,
  )
  bad('refuses another key id', good.replace('"key_id":"-', '"key_id":"A'), /signature does not hold/)
  bad('refuses a second signature', good.replace('{', '{"signature":"AA==",'), /stands twice/)
  bad('refuses bytes written anew', JSON.stringify(JSON.parse(good), null, 1), /not the bytes/)
})

t.test('the session shown', async (t) => {
  const folder = t.testdir({ 'statement.json': textOf('json') })
  for (const step of readScript(textOf('console'))) {
    t.equal(differenceOf(step, await runStep(step, folder, sandbox(folder))), null, step.command)
  }
})
