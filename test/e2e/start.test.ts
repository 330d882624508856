import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { register } from './forge.ts'
import { type Ended, Served, type ServedOptions } from './served.ts'

/** What keeps the real process from starting, and that it says so in words: what is wrong, and the way on. */

async function refuses(t: Test, options: ServedOptions, code: string, hint: RegExp): Promise<Ended> {
  const ended = await Served.refused(options)
  t.ok(ended.code === 1 || ended.code === 2, `${code}: exit code ${ended.code}`)
  t.match(ended.stderr, `(${code})`)
  t.match(ended.stderr, hint, `${code}: the way on`)
  t.equal(ended.stdout, '', `${code}: it never was ready`)
  t.notMatch(ended.stderr, /\n\s+at |stopped by a defect/, `${code}: no stack`)
  return ended
}

const pem = (type: 'ed25519' | 'x25519'): string =>
  (type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).privateKey
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()

t.jobs = 2

t.test('a state folder in use, of a later version, and under another key', async (t) => {
  const folder = Served.folder(t)
  const { served, urls } = await Served.start(t, { folder })
  t.equal((await register(urls.enclave)).status, 201)
  await refuses(t, { folder }, 'STATE_LOCKED', /stop it first|--state/)
  t.equal((await register(urls.enclave)).status, 201, 'the first one goes on')
  t.equal((await served.stop()).code, 0)

  const key = join(folder, 'data.key')
  const other = join(folder, 'other.key')
  writeFileSync(other, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
  await refuses(t, { folder, flags: ['--data-key', other] }, 'DATA_KEY_WRONG', /--data-key/)
  chmodSync(key, 0o644)
  await refuses(t, { folder }, 'DATA_KEY_EXPOSED', /chmod 600/)
  chmodSync(key, 0o600)
  renameSync(key, other)
  await refuses(t, { folder }, 'DATA_KEY_MISSING', /a new one cannot open it/)
  t.notOk(existsSync(key), 'a state that is there gets no new key')
  renameSync(other, key)

  const database = new DatabaseSync(join(folder, 'state', 'state.db'))
  database.exec("update meta set value = '1000' where name = 'schema_version'")
  database.close()
  await refuses(t, { folder }, 'STATE_NEWER', /start the newer version/)
})

t.test('a state folder that can not be written', async (t) => {
  const folder = Served.folder(t)
  writeFileSync(join(folder, 'file'), '')
  await refuses(
    t,
    { folder, flags: ['--state', join(folder, 'file', 'state')] },
    'STATE_UNWRITABLE',
    /--state/,
  )
  const inside = join(folder, 'inside')
  mkdirSync(inside)
  await refuses(
    t,
    { folder, flags: ['--state', inside, '--data-key', join(inside, 'data.key')] },
    'DATA_KEY_INSIDE_STATE',
    /elsewhere/,
  )
})

t.test('a port that is taken is named by its flag', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const port = String((taken.address() as AddressInfo).port)
  const flags = ['--ws-port', port]
  const { stderr } = await refuses(t, { folder: Served.folder(t), flags }, 'PORT_TAKEN', /with --ws-port/)
  t.match(stderr, port)
  const equal = ['--port', '4001', '--ws-port', '4001']
  await refuses(t, { folder: Served.folder(t), flags: equal }, 'PORTS_EQUAL', /--ws-port/)
})

t.test('an operator’s key that should not be used', async (t) => {
  const folder = Served.folder(t)
  const key = (name: string, text: string, mode: number): Record<string, string> => {
    const path = join(folder, name)
    writeFileSync(path, text)
    chmodSync(path, mode)
    return { AGGREGATOR_PRIVATE_KEY: path }
  }
  const sound = pem('ed25519')
  const cases: [environment: Record<string, string>, code: string, hint: RegExp][] = [
    [key('loose.pem', sound, 0o644), 'PRIVATE_KEY_EXPOSED', /chmod 600/],
    [key('x25519.pem', pem('x25519'), 0o600), 'PRIVATE_KEY_WRONG_TYPE', /keys new/],
    [{ AGGREGATOR_PRIVATE_KEY: sound }, 'SECRET_IN_THE_OPEN', /path/],
    [{ AGGREGATOR_PRIVATE_KEY: join(folder, 'nowhere.pem') }, 'PRIVATE_KEY_MISSING', /keys new/],
  ]
  for (const [environment, code, hint] of cases) {
    const { stderr } = await refuses(t, { folder, environment }, code, hint)
    t.notMatch(stderr, sound.split('\n')[1]!, 'nothing of the key is shown')
  }
  const { served, urls } = await Served.start(t, { folder, environment: key('good.pem', sound, 0o400) })
  t.equal((await register(urls.enclave)).status, 201)
  t.equal((await served.stop()).code, 0)
  t.notMatch(served.stderr, sound.split('\n')[1]!)
})
