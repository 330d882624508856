import { hourMs, hourOf, InputError, parseRecord, type TrackRecord } from '@perf-agg/sdk'
import t from 'tap'
import { hour } from '../statement/fixture.ts'
import { handOver, Scene } from './scene.ts'

/**
 * A record with everything in it: two keys and a handover, hours, a gap, a correction, a wallet more, an end and a
 * second beginning, hardware evidence with its certificates, co-signed checkpoints. Whatever is changed, by one field
 * or by one byte of the file, is seen, and has a name.
 */

/** Every byte: PERF_AGG_BYTES=all. Else every so many-th, from another one each day. */
const every = process.env['PERF_AGG_BYTES'] === 'all' ? 1 : 151

async function wholeScene(): Promise<Scene> {
  const scene = await Scene.open()
  await scene.say({ type: 'registered', atMs: scene.atMs })
  const first = hourOf(scene.atMs) + hourMs
  scene.atMs += 12 * hourMs
  const at = (index: number) => hour(0, { startMs: first + index * hourMs })
  await scene.say({ type: 'period', hours: [at(0), at(1)] })
  await scene.say({
    type: 'gap',
    gaps: [{ fromMs: first + 2 * hourMs, toMs: first + 3 * hourMs, reason: 'exchange-unreachable' }],
  })
  const correction = { hours: [{ ...at(1), returnPct: 2 }], cause: 'late-fill', records: ['fill-7'] } as const
  await scene.say({ type: 'correction', correction, corrects: [scene.said[1]!.digest] })
  await handOver(scene)
  scene.subject = { ...scene.subject, scope: ['spot', 'margin'] }
  await scene.say({ type: 'scope', atMs: scene.atMs, scope: ['spot', 'margin'] })
  await scene.say({ type: 'closed', atMs: scene.atMs, reason: 'ended-by-client' })
  await scene.say({ type: 'registered', atMs: scene.atMs })
  return scene
}

const scene = await wholeScene()
const record = await scene.record()
const policy = await scene.policy()
const text = JSON.stringify(record)

/** Codes of what is wrong; empty where nothing is seen. */
async function seen(changed: string): Promise<readonly string[]> {
  let parsed: TrackRecord
  try {
    parsed = parseRecord(JSON.parse(changed))
  } catch (error) {
    if (error instanceof InputError) return [error.code]
    if (error instanceof SyntaxError) return ['JSON_INVALID']
    throw error
  }
  return (await scene.judge(parsed, policy)).wrong
}

t.test('it holds as it is', async (t) => {
  t.same(await scene.judge(record, policy), { verdict: 'holds', wrong: [] })
  t.comment(`${text.length} bytes, ${record.statements.length} statements, ${record.evidence.length} quotes`)
})

t.test('no field can be changed unseen', async (t) => {
  const unseen: string[] = []
  const codes: Record<string, number> = {}
  let count = 0
  for (const path of paths(record)) {
    const copy = JSON.parse(text) as TrackRecord
    change(copy, path)
    count += 1
    const found = await seen(JSON.stringify(copy))
    if (found.length === 0) unseen.push(path.join('.'))
    for (const code of found) codes[code] = (codes[code] ?? 0) + 1
  }
  t.same(unseen, [])
  t.comment(`${count} fields changed, all seen: ${JSON.stringify(codes)}`)
})

t.test('no byte can be changed unseen', async (t) => {
  const unseen: string[] = []
  let count = 0
  const bytes = Buffer.from(text)
  for (let at = new Date().getUTCDate() % every; at < bytes.length; at += every) {
    const copy = Buffer.from(bytes)
    copy[at] = copy[at]! ^ 1
    count += 1
    if ((await seen(copy.toString())).length === 0) {
      unseen.push(`${at}: ${bytes.subarray(Math.max(0, at - 40), at + 20).toString()}`)
    }
  }
  t.same(unseen, [])
  t.comment(`${count} of ${bytes.length} bytes changed, one at a time, all seen`)
})

t.test('nothing can be left out, doubled or put elsewhere unseen', async (t) => {
  const unseen: string[] = []
  let count = 0
  for (const part of ['statements', 'evidence'] as const) {
    const list: readonly unknown[] = record[part]
    for (const index of list.keys()) {
      const changes: Record<string, readonly unknown[]> = {
        'left out': list.toSpliced(index, 1),
        doubled: list.toSpliced(index, 0, list[index]),
        swapped: list.length < 2 ? [] : swapped(list, index),
      }
      for (const [what, changed] of Object.entries(changes)) {
        // a record that ends early is sound in itself: its log tells, or a policy's age
        if (part === 'statements' && what === 'left out' && index === list.length - 1) continue
        // evidence has no order, and is named by its digest
        if (part === 'evidence' && what !== 'left out') continue
        count += 1
        if ((await seen(JSON.stringify({ ...record, [part]: changed }))).length === 0) {
          unseen.push(`${part}[${index}] ${what}`)
        }
      }
    }
  }
  t.same(unseen, [])
  t.comment(`${count} parts left out, doubled or swapped, all seen`)
})

function swapped(list: readonly unknown[], index: number): readonly unknown[] {
  const other = (index + 1) % list.length
  return list.with(index, list[other]).with(other, list[index])
}

type Path = readonly (string | number)[]

function* paths(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) {
    yield path
    return
  }
  if (Object.keys(value).length === 0) yield path
  for (const [name, member] of Object.entries(value)) yield* paths(member, [...path, name])
}

/** Another value of the same kind, as small a change as there is. */
function change(root: object, path: Path): void {
  let parent = root as Record<string | number, unknown>
  for (const name of path.slice(0, -1)) parent = parent[name] as Record<string | number, unknown>
  const name = path.at(-1)!
  parent[name] = changed(parent[name])
}

function changed(value: unknown): unknown {
  if (typeof value === 'string') return value === '' ? 'x' : changedText(value)
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  if (value === null) return 1
  return Array.isArray(value) ? ['x'] : { x: 1 }
}

function changedText(text: string): string {
  const at = Math.floor(text.length / 2)
  const other = text[at] === 'A' ? 'B' : /\d/.test(text[at]!) ? String((Number(text[at]) + 1) % 10) : 'A'
  return text.slice(0, at) + other + text.slice(at + 1)
}
