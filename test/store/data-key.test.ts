import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadDataKey } from '../../src/store/data-key.ts'
import { folder } from './fixture.ts'

t.test('a data key is made once, for its owner only, and read again', async (t) => {
  const root = folder(t)
  const [path, stateDir] = [join(root, 'key'), join(root, 'state')]
  await t.rejects(loadDataKey(path, { stateDir, create: false }), { code: 'DATA_KEY_MISSING' })
  const made = await loadDataKey(path, { stateDir, create: true })
  t.equal(made.length, 32)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(Buffer.from(await loadDataKey(path, { stateDir, create: false })), Buffer.from(made))
  t.strictSame(Buffer.from(await loadDataKey(path, { stateDir, create: true })), Buffer.from(made))
  t.match(readFileSync(path, 'latin1'), /^[\w+/]{43}=\n$/)
})

t.test('refuses a key that others can read or write', async (t) => {
  const root = folder(t)
  const [path, stateDir] = [join(root, 'key'), join(root, 'state')]
  await loadDataKey(path, { stateDir, create: true })
  for (const mode of [0o640, 0o604, 0o620, 0o666]) {
    chmodSync(path, mode)
    await t.rejects(loadDataKey(path, { stateDir, create: true }), {
      code: 'DATA_KEY_EXPOSED',
      hint: `chmod 600 ${path}`,
    })
  }
})

t.test('refuses what is no key', async (t) => {
  const root = folder(t)
  const stateDir = join(root, 'state')
  const texts = [
    '',
    'x',
    `${'A'.repeat(44)}`,
    `${'A'.repeat(43)}=\n\n`,
    `${'A'.repeat(42)}==`,
    'A'.repeat(100_000),
  ]
  for (const [index, text] of texts.entries()) {
    const path = join(root, `key-${index}`)
    writeFileSync(path, text, { mode: 0o600 })
    await t.rejects(loadDataKey(path, { stateDir, create: true }), { code: 'DATA_KEY_INVALID' })
  }
  await t.rejects(loadDataKey(root, { stateDir, create: true }), { code: /DATA_KEY_/ }, 'a folder')
  await t.rejects(loadDataKey(join(root, 'no', 'such'), { stateDir, create: true }), {
    code: 'DATA_KEY_MISSING',
  })
})

t.test('refuses a key inside the state folder, also behind a link', async (t) => {
  const root = folder(t)
  const stateDir = join(root, 'state')
  mkdirSync(stateDir)
  symlinkSync(stateDir, join(root, 'link'))
  for (const path of [join(stateDir, 'key'), join(root, 'link', 'key'), join(stateDir, 'a', '..', 'key')]) {
    await t.rejects(loadDataKey(path, { stateDir, create: true }), { code: 'DATA_KEY_MISPLACED' })
  }
  await loadDataKey(join(root, 'state-key'), { stateDir, create: true })
  await loadDataKey(join(root, 'real'), { stateDir: join(root, 'not-yet'), create: true })
  writeFileSync(join(stateDir, 'hidden'), `${'A'.repeat(43)}=\n`, { mode: 0o600 })
  symlinkSync(join(stateDir, 'hidden'), join(root, 'looks-outside'))
  await t.rejects(loadDataKey(join(root, 'looks-outside'), { stateDir, create: true }), {
    code: 'DATA_KEY_MISPLACED',
  })
})
