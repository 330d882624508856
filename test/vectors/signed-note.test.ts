import fc from 'fast-check'
import t from 'tap'
import { concat, fromBase64, fromHex, toBase64, utf8 } from '../../sdk/bytes.ts'
import { formatCheckpoint, parseCheckpoint, verifyCheckpoint } from '../../sdk/checkpoint.ts'
import { PerfAggError } from '../../sdk/errors.ts'
import { leafHash } from '../../sdk/merkle.ts'
import {
  formatNote,
  formatVkey,
  noteKey,
  noteSignature,
  noteSignedBytes,
  parseNote,
  parseVkey,
  verifyNote,
  type NoteKey,
} from '../../sdk/note.ts'
import { referenceText, unlessThere } from './reference.ts'

const skip = unlessThere('signed-note')
const malformed = { code: 'NOTE_MALFORMED' }

function vectors(): any {
  return JSON.parse(referenceText('signed-note/note-vectors.json'))
}

/** What Go's verifier-key parsing calls `skey`: a seed behind its name. */
async function signWith(skey: string, message: Uint8Array): Promise<Uint8Array> {
  const seed = fromBase64(skey.slice(skey.lastIndexOf('+', skey.length - 45) + 1)).subarray(1)
  const pkcs8 = concat(fromHex('302e020100300506032b657004220420'), seed)
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('Ed25519', key, Uint8Array.from(message)))
}

t.test('notes of Go open, and nothing else does', { skip }, async (t) => {
  const { text, keys, sigs, bad_vkeys: badKeys } = vectors()
  const peter = await parseVkey(keys.PeterNeumann.vkey)
  const enoch = await parseVkey(keys.EnochRoot.vkey)
  t.equal(formatVkey(peter), keys.PeterNeumann.vkey)
  const both = `${text}\n${sigs.PeterNeumann}${sigs.EnochRoot}`
  const opened = await verifyNote(parseNote(both), [peter, enoch])
  t.equal(opened.text, text)
  t.strictSame(
    opened.verified.map(({ key }) => key.name),
    ['PeterNeumann', 'EnochRoot'],
  )

  const one = await verifyNote(parseNote(both), [peter])
  t.strictSame(
    [one.verified.length, one.unknown.map(({ name }) => name)],
    [1, ['EnochRoot']],
    'an unknown key is passed over',
  )
  await t.rejects(verifyNote(parseNote(`${text}\n${sigs.EnochRoot}`), [peter]), { code: 'NOTE_UNSIGNED' })
  await t.rejects(verifyNote(parseNote(both), [peter, peter]), { code: 'NOTE_KEY_AMBIGUOUS' })
  for (const wrong of [
    parseNote(`${text.replace('answer', 'Answer')}\n${sigs.PeterNeumann}`),
    parseNote(`${text}\n${sigs.PeterNeumann.slice(0, 60)}ABCD${sigs.PeterNeumann.slice(60)}`),
    parseNote(`${text}\n${sigs.EnochRoot}${sigs.PeterNeumann.replace('S9UG', 'S9UH')}`),
  ]) {
    await t.rejects(verifyNote(wrong, [peter, enoch]), { code: 'NOTE_SIGNATURE_INVALID' })
  }
  const repeated = await verifyNote(parseNote(`${text}\n${sigs.PeterNeumann}${sigs.PeterNeumann}`), [peter])
  t.equal(repeated.verified.length, 1)

  const signature = noteSignature(peter, await signWith(keys.PeterNeumann.skey, noteSignedBytes(text, null)))
  t.equal(
    formatNote({ text, signatures: [signature] }),
    `${text}\n${sigs.PeterNeumann}`,
    'Ed25519 has one signature',
  )

  for (const vkey of badKeys) await t.rejects(parseVkey(vkey), { code: 'VKEY_INVALID' })
  for (const { vkey } of Object.values(keys) as { vkey: string }[]) {
    let tried = 0
    for (let from = 0; from < vkey.length; from += 1) {
      for (let to = from + 1; to <= vkey.length; to += 1) {
        if (to - from === vkey.length) continue
        tried += 1
        if (await isVkey(vkey.slice(from, to))) t.fail(`a part: ${vkey.slice(from, to)}`)
      }
      const changed = `${vkey.slice(0, from)}${String.fromCharCode(vkey.charCodeAt(from) + 1)}${vkey.slice(from + 1)}`
      if (await isVkey(changed)) t.fail(`changed: ${changed}`)
    }
    t.pass(`${tried} parts of ${vkey.slice(0, 12)}`)
  }
})

async function isVkey(text: string): Promise<boolean> {
  try {
    await parseVkey(text)
    return true
  } catch (error) {
    if (error instanceof PerfAggError) return false
    throw error
  }
}

t.test('notes that are malformed', { skip }, async (t) => {
  const { text, sigs } = vectors()
  const signature: string = sigs.PeterNeumann
  const good = `${text}\n${signature}`
  t.equal(parseNote(utf8(good)).text, text)
  for (const [bad, why] of [
    ['', 'nothing'],
    [text, 'text only'],
    [`${text}\n`, 'text and an empty line'],
    [good.slice(0, -1), 'no line end after the signature'],
    [`\u0001${good}`, 'a control byte'],
    [`\r${good}`, 'a carriage return'],
    [`\ud800${good}`, 'a lone surrogate'],
    [`${text}\n${signature.replace('PeterNeumann', 'Peter Neumann')}`, 'a name with a space'],
    [`${text}\n${signature.replace('PeterNeumann', 'Peter+Neumann')}`, 'a name with a plus'],
    [`${text}\n${signature.replace('PeterNeumann ', '')}`, 'no name'],
    [`${text}\n${signature.replace('—', '-')}`, 'another dash'],
    [`${text}\n${signature.replace(/==|.\n$/, '\n')}`, 'base64 cut off'],
    [`${text}\n— PeterNeumann AAAA\n`, 'a short signature'],
    [`${good}Unexpected line.\n`, 'a line after the signatures'],
    [`${text}\n${signature.repeat(101)}`, 'more than 100 signatures'],
    [`${'x'.repeat(1_000_001)}\n\n${signature}`, 'too large'],
  ] as const) {
    t.throws(() => parseNote(bad), malformed, why)
  }
  t.throws(() => parseNote(concat(Uint8Array.of(0xff), utf8(good))), malformed, 'not UTF-8')
  t.equal(parseNote(`${text}\n${signature.repeat(100)}`).signatures.length, 100)
  t.throws(() => formatNote({ text: text.slice(0, -1), signatures: [] }), malformed)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        parseNote(bytes)
        return true
      } catch (error) {
        return error instanceof PerfAggError
      }
    }),
  )
})

t.test('a tree head of Go’s checksum database', { skip }, async (t) => {
  const { tlog } = vectors()
  t.equal(toBase64(await leafHash(utf8('hello world'))), tlog.leaf_hash_of_hello_world)
  const head = parseCheckpoint(tlog.tree_head)
  t.equal(head.origin, 'go.sum database tree')
  t.equal(head.size, 123_456_789_012)
  t.equal(toBase64(head.root), tlog.leaf_hash_of_hello_world)
  t.equal(formatCheckpoint(head), tlog.tree_head)
})

const root = toBase64(new Uint8Array(32).fill(1))

t.test('checkpoints: one form only', async (t) => {
  t.strictSame(parseCheckpoint(`a\n0\n${root}\nmore\n`).extensions, ['more'])
  for (const [bad, why] of [
    [`a\n1\n${root}`, 'no last line end'],
    [`a\n01\n${root}\n`, 'a leading zero'],
    [`a\n-1\n${root}\n`, 'a negative size'],
    [`a\n+1\n${root}\n`, 'a sign'],
    [`a\n1.0\n${root}\n`, 'a fraction'],
    [`a\n9007199254740992\n${root}\n`, 'a size beyond 2^53'],
    [`a\n99999999999999999999\n${root}\n`, 'a size beyond all'],
    [`\n1\n${root}\n`, 'no origin'],
    ['a\n1\n', 'no root'],
    [`a\n1\n${root.slice(0, -4)}\n`, 'a short root'],
    [`a\n1\n${root.replace('=', '')}\n`, 'no padding'],
    [`a\n1\n${root} \n`, 'a space'],
    [`a\n1\n${root}\n\n`, 'an empty extension'],
  ] as const) {
    t.throws(() => parseCheckpoint(bad), { code: 'CHECKPOINT_MALFORMED' }, why)
  }
  const head = parseCheckpoint(`a\n1\n${root}\n`)
  t.throws(() => formatCheckpoint({ ...head, origin: 'a\nb' }), { code: 'CHECKPOINT_MALFORMED' })
  t.throws(() => formatCheckpoint({ ...head, extensions: [''] }), { code: 'CHECKPOINT_MALFORMED' })
  t.throws(() => formatCheckpoint({ ...head, size: 1.5 }), { code: 'CHECKPOINT_MALFORMED' })
})

interface Signer {
  readonly key: NoteKey
  readonly sign: (text: string, timestampS?: number) => Promise<ReturnType<typeof noteSignature>>
}

async function makeSigner(name: string, algorithm: NoteKey['algorithm']): Promise<Signer> {
  const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as {
    readonly publicKey: CryptoKey
    readonly privateKey: CryptoKey
  }
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  const key = await noteKey(name, algorithm, raw)
  return {
    key,
    sign: async (text, timestampS) => {
      const message = Uint8Array.from(noteSignedBytes(text, timestampS ?? null))
      const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, message))
      return noteSignature(key, signature, timestampS ?? null)
    },
  }
}

t.test('a checkpoint signed by its log and by witnesses with their time', async (t) => {
  const log = await makeSigner('example.com/log', 'ed25519')
  const one = await makeSigner('witness.one', 'cosignature/v1')
  const two = await makeSigner('witness.two', 'cosignature/v1')
  const text = `example.com/log\n7\n${root}\n`
  const signatures = [
    await log.sign(text),
    await one.sign(text, 1_763_900_000),
    await two.sign(text, 1_763_900_001),
  ]
  const note = formatNote({ text, signatures })
  const { checkpoint, witnesses } = await verifyCheckpoint(utf8(note), log.key, [one.key, two.key])
  t.equal(checkpoint.size, 7)
  t.strictSame(
    witnesses.map(({ timestampS }) => timestampS),
    [1_763_900_000, 1_763_900_001],
  )
  t.equal((await verifyCheckpoint(note, log.key, [])).witnesses.length, 0)
  t.strictSame(await parseVkey(formatVkey(one.key)), one.key)

  const withoutLog = formatNote({ text, signatures: signatures.slice(1) })
  await t.rejects(verifyCheckpoint(withoutLog, log.key, [one.key, two.key]), { code: 'NOTE_UNSIGNED' })
  const later = signatures[1]!.signature.map((byte, index) => (index === 7 ? byte ^ 1 : byte))
  const changedTime = formatNote({
    text,
    signatures: [signatures[0]!, { ...signatures[1]!, signature: later }],
  })
  await t.rejects(verifyCheckpoint(changedTime, log.key, [one.key]), { code: 'NOTE_SIGNATURE_INVALID' })
  const plain = formatNote({
    text,
    signatures: [signatures[0]!, { ...signatures[1]!, signature: signatures[1]!.signature.subarray(8) }],
  })
  await t.rejects(verifyCheckpoint(plain, log.key, [one.key]), { code: 'NOTE_SIGNATURE_INVALID' })
  const otherText = `example.com/else\n7\n${root}\n`
  const other = formatNote({ text: otherText, signatures: [await log.sign(otherText)] })
  await t.rejects(verifyCheckpoint(other, log.key, []), { code: 'CHECKPOINT_ORIGIN' })
  const noHead = formatNote({ text: 'hello\n', signatures: [await log.sign('hello\n')] })
  await t.rejects(verifyCheckpoint(noHead, log.key, []), { code: 'CHECKPOINT_MALFORMED' })
  await t.rejects(noteKey('a b', 'ed25519', log.key.publicKey), { code: 'VKEY_INVALID' })
  t.throws(() => noteSignedBytes(text, -1), { code: 'NOTE_TIME_INVALID' })

  const bytes = utf8(note)
  const survived: number[] = []
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Uint8Array.from(bytes)
    changed[at]! ^= 1
    try {
      const verified = await verifyCheckpoint(changed, log.key, [one.key, two.key])
      if (verified.witnesses.length === 2) survived.push(at)
    } catch {}
  }
  t.strictSame(survived, [], `${bytes.length} flipped bytes`)
})
