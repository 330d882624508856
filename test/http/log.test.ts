import t from 'tap'
import { createLog, errorFields, type LogFields, type LogLevel } from '../../src/http/log.ts'

function lineOf(fields: LogFields, readable = false, event = 'event'): string {
  const lines: string[] = []
  const log = createLog({
    level: 'info',
    readable,
    write: (line) => lines.push(line),
    nowMs: () => 1_795_000_000_000,
  })
  log.info(event, fields)
  t.equal(lines.length, 1)
  return lines[0] ?? ''
}

t.test('one JSON line an event, levels below the chosen one left out', async (t) => {
  const lines: string[] = []
  const level: LogLevel = 'warn'
  const log = createLog({ level, readable: false, write: (line) => lines.push(line), nowMs: () => 0 })
  log.error('a')
  log.warn('b', { count: 1, on: true, nothing: null, absent: undefined })
  log.info('c')
  log.debug('d')
  t.same(lines, [
    '{"time":"1970-01-01T00:00:00.000Z","level":"error","event":"a"}\n',
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"b","count":1,"on":true,"nothing":null}\n',
  ])
})

t.test('nothing in a field can make a line of its own or move the cursor', async (t) => {
  const hostile = 'a\n{"level":"error"}\r\u001b[2J\u0000\u0085\u2028\u202e\u009b'
  for (const readable of [false, true]) {
    const line = lineOf({ text: hostile, ['na\nme']: 1 }, readable, 'ev\nent')
    t.equal(line.indexOf('\n'), line.length - 1, 'one line')
    // oxlint-disable-next-line no-control-regex
    t.notMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u202e]/)
  }
  const parsed = JSON.parse(lineOf({ text: hostile }))
  t.equal(parsed.text, hostile, 'and a machine reads what was there')
})

t.test("an event's own members are not replaced, texts are capped", async (t) => {
  const parsed = JSON.parse(lineOf({ level: 'error', event: 'other', text: `${'x'.repeat(511)}😀tail` }))
  t.equal(parsed.level, 'info')
  t.equal(parsed.event, 'event')
  t.equal(parsed.levelField, 'error')
  t.ok(parsed.text.length < 520)
  t.ok(parsed.text.isWellFormed())
  const many = JSON.parse(
    lineOf(Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`f${index}`, index]))),
  )
  t.ok(Object.keys(many).length <= 27)
})

t.test('a readable line quotes what has spaces', async (t) => {
  t.match(lineOf({ a: 'plain', b: 'two words', c: 1 }, true), / info {2}event a=plain b="two words" c=1\n$/)
})

t.test("an error's message is never told", async (t) => {
  const error = Object.assign(new TypeError('apiKey=verysecret'), { code: 'E_X' })
  const told = JSON.stringify(errorFields(error))
  t.notMatch(told, /verysecret/)
  t.match(errorFields(error), { error: 'TypeError', code: 'E_X', at: /log\.test\.ts/ })
  t.same(errorFields('verysecret'), { error: 'string' })
})
