import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { canonicalize, parsePublicRecord, publicRecordOf } from '@perf-agg/sdk'
import t from 'tap'
import { makeRecord } from '../page/made-record.ts'
import { commandIn, sandbox } from './script.ts'

/** A page made on the command line, and taken apart again: what it holds, and whether it was changed since. */

t.test('tearsheet and verify', async (t) => {
  const folder = t.testdir({ home: {}, machine: {} })
  const env = sandbox(folder)
  const made = await makeRecord(join(folder, 'machine'), { hours: 40, tee: 'simulated', backfilled: 5 })
  const put = (name: string, content: string): void => writeFileSync(join(folder, name), content)
  const get = (name: string): string => readFileSync(join(folder, name), 'utf8')
  put('record.json', canonicalize(made.record))
  put('public.json', canonicalize(await publicRecordOf(made.record)))
  const run = async (...args: readonly string[]) => {
    const child = spawn(commandIn(folder), [...args], { env, cwd: folder })
    const closed = once(child, 'close') as Promise<[number]>
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed])
    return { stdout, stderr, code }
  }
  const sheet = await run('tearsheet', 'record.json', '-o', 'page.html', '--insecure-simulated')
  t.match(sheet, { code: 0, stdout: /^page\.html: 42 statements, \d+ kB\nit holds percentages only/ })
  t.match(sheet.stderr, /sound, but not trusted[^]*TEE_SIMULATED/)
  const page = get('page.html')
  t.match(
    page,
    /^<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy"/,
  )
  t.notMatch(
    page.replace(/<script[^]*<\/script>|<style[^]*<\/style>/g, ''),
    /(src|href)="(?!#main")/,
    'one file',
  )
  const again = await run('tearsheet', 'record.json', '-o', '-', '--insecure-simulated')
  t.equal(again.stdout, page, 'the same record gives the same page')

  const verified = await run('verify', 'page.html', '--insecure-simulated', '--json')
  t.equal(verified.code, 3)
  const told = JSON.parse(verified.stdout) as {
    verdict: string
    figures: { totals: unknown }
    steps: object[]
  }
  t.match(told, { verdict: 'untrusted', figures: { totals: null, hours: 40, backfilled: 5 } })
  t.match(told.steps[0], { name: 'page', status: 'affirming' })
  t.equal((await run('verify', 'public.json', '--insecure-simulated')).code, 3, 'a public record by itself')

  put('changed.html', page.replace('<style>', '<style>.card{display:none}'))
  const changed = await run('verify', 'changed.html', '--insecure-simulated')
  t.match(changed, { code: 1, stdout: /✗ page .*PAGE_CHANGED/ })
  put('older.html', page.replace('<style>', '<style>a{}').replace('"version":"0.', '"version":"9.'))
  t.match(await run('verify', 'older.html', '--insecure-simulated'), {
    code: 3,
    stdout: /! page .*PAGE_FOREIGN/,
  })
  put('empty.html', page.replace(/"gzip":"[^"]*"/, '"gzip":""'))
  t.match(await run('verify', 'empty.html'), { code: 1, stderr: /PAGE_INVALID/ })
  put('other.html', '<!doctype html><title>x</title>')
  t.match(await run('verify', 'other.html'), { code: 1, stderr: /PAGE_INVALID/ })

  const amounts = await run('tearsheet', 'record.json', '-o', 'amounts.html', '--amounts', '--json')
  t.match(JSON.parse(amounts.stdout), { file: 'amounts.html', amounts: true, verdict: 'untrusted' })
  const whole = await run('verify', 'amounts.html', '--insecure-simulated', '--json')
  t.match(JSON.parse(whole.stdout), { figures: { totals: { trades: Number } } })
  t.match(await run('tearsheet', 'public.json', '-o', 'x.html', '--amounts'), {
    code: 2,
    stderr: /AMOUNTS_MISSING/,
  })
  t.match(
    await run('tearsheet', 'public.json', '-o', 'ours.html'),
    { code: 0 },
    'of a record that others publish',
  )

  const old = structuredClone(made.record) as any
  for (const each of old.statements) delete each.edition_signature
  put('old.json', canonicalize(old))
  t.match(await run('tearsheet', 'old.json', '-o', 'x.html'), {
    code: 2,
    stderr: /EDITION_MISSING[^]*amounts/,
  })
  const touched = structuredClone(made.record) as any
  touched.statements[9].statement.hourly_buckets[0].return_pct = 9
  put('touched.json', canonicalize(touched))
  const refused = await run('tearsheet', 'touched.json', '-o', 'x.html')
  t.match(refused, { code: 1, stderr: /SIGNATURE_INVALID[^]*RECORD_BROKEN/ })
  t.notOk(existsSync(join(folder, 'x.html')), 'what does not hold is made into no page')
  t.ok(parsePublicRecord(JSON.parse(get('public.json'))))
})
