import fc from 'fast-check'
import t from 'tap'
import { PackedList } from '../../src/accounting/record/packed-list.ts'
import type { PackedForm } from '../../src/accounting/record/packed-list.ts'

interface Note {
  readonly atMs: number
  readonly text: string
}

const form: PackedForm<Note> = {
  atMs: ({ atMs }) => atMs,
  write: (writer, note) => {
    writer.instant(note.atMs)
    writer.name(note.text)
  },
  read: (reader) => ({ atMs: reader.instant(), text: reader.name() }),
}

const command = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), atMs: fc.nat(60) }),
  fc.record({ kind: fc.constant('replace' as const), atMs: fc.nat(60) }),
  fc.record({ kind: fc.constant('take' as const), atMs: fc.nat(60) }),
  fc.record({ kind: fc.constant('pack' as const), atMs: fc.constant(0) }),
)

t.test('a packed list is the array that it stands for, whatever was done to it', async () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 120 }),
      fc.array(fc.nat(60), { maxLength: 20 }),
      fc.constantFrom([1, 1], [4, 2], [16, 16], [3, 7]),
      (commands, filled, [chunkMax, tailMax]) => {
        const list = new PackedList(form, chunkMax!, tailMax!)
        let model: Note[] = filled
          .toSorted((a, b) => a - b)
          .map((atMs, index) => ({ atMs, text: `fill ${index}` }))
        list.fill(model)
        for (const [index, { kind, atMs }] of commands.entries()) {
          const note = { atMs, text: `${kind} ${index} ${String.fromCharCode(200 + index)}` }
          if (kind === 'put') {
            list.put(note)
            model.splice(model.findLastIndex((other) => other.atMs <= atMs) + 1, 0, note)
          } else if (kind === 'replace') {
            const at = model.findIndex((other) => other.atMs === atMs)
            // Two of one instant are never replaced: hours have each their own.
            if (model.filter((other) => other.atMs === atMs).length > 1) continue
            if (list.replace(note) !== at >= 0) throw new Error('it is there or not')
            if (at >= 0) model[at] = note
          } else if (kind === 'take') {
            const taken = list.takeBefore(atMs)
            same(
              taken,
              model.filter((other) => other.atMs < atMs),
            )
            model = model.filter((other) => other.atMs >= atMs)
          } else list.pack()
          same(list.all(), model)
          same(
            list.between(10, 30),
            model.filter((other) => other.atMs >= 10 && other.atMs < 30),
          )
          same(
            [list.firstMs, list.last, list.count],
            [model[0]?.atMs ?? null, model.at(-1) ?? null, model.length],
          )
          same(list.find(atMs), model.find((other) => other.atMs === atMs) ?? null)
        }
      },
    ),
    { numRuns: 300 },
  )
})

function same(got: unknown, wanted: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(wanted))
    throw new Error(`${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`)
}
