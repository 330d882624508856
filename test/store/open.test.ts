import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import t from 'tap'
import { Connection } from '../../src/store/connection.ts'
import { sqliteDialect } from '../../src/store/dialect.ts'
import { migrations, type Migration } from '../../src/store/migrations.ts'
import { openStore } from '../../src/store/open.ts'
import { Registry } from '../../src/store/registry.ts'
import { migrate } from '../../src/store/schema.ts'
import { account, clock, folder, open, session, statement, testVault } from './fixture.ts'

const vault = testVault()

/** Changes the database as somebody with the disk in his hands would. */
function alter(path: string, statements: string): void {
  const database = new DatabaseSync(join(path, 'state.db'))
  database.exec(statements)
  database.close()
}

t.test('the folder is made, for this user only', async (t) => {
  const path = join(folder(t), 'deep', 'state')
  const store = await open(t, path)
  await store.commit((tx) => tx.insertAccount(account()))
  t.equal(statSync(path).mode & 0o777, 0o700)
  for (const name of readdirSync(path)) t.equal(statSync(join(path, name)).mode & 0o077, 0, name)
})

t.test('a second daemon on the same folder is refused, in this process and in another', async (t) => {
  const path = join(folder(t), 'state')
  const store = await open(t, path)
  const refusal = { code: 'STATE_LOCKED', hint: /--state/ }
  await t.rejects(openStore(path, { vault, clock }), refusal)
  const other = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { DatabaseSync } from 'node:sqlite'
       try { new DatabaseSync(process.argv[1]).exec('begin exclusive'); console.log('taken') }
       catch (error) { console.log(error.errcode) }`,
      join(path, 'lock'),
    ],
    { encoding: 'utf8', env: {} },
  )
  t.equal(other.stdout.trim(), '5', 'SQLITE_BUSY')
  await store.commit((tx) => tx.setMeta('still', 'works'))
  await store.close()
  const again = await openStore(path, { vault, clock })
  t.equal(await again.meta('still'), 'works')
  await again.close()
})

t.test('a state of a later version is refused and left as it is', async (t) => {
  const path = join(folder(t), 'state')
  await (await openStore(path, { vault, clock })).close()
  alter(path, `update meta set value = '${migrations.length + 1}' where name = 'schema_version'`)
  const before = readFileSync(join(path, 'state.db'))
  await t.rejects(openStore(path, { vault, clock }), { code: 'STATE_NEWER' })
  t.ok(readFileSync(join(path, 'state.db')).equals(before))
  alter(path, `update meta set value = 'x' where name = 'schema_version'`)
  await t.rejects(openStore(path, { vault, clock }), { code: 'STATE_CORRUPT' })
})

t.test('migrations run once each, in order, and a failing one changes nothing', async (t) => {
  const path = join(folder(t), 'state.db')
  const ran: number[] = []
  const step = (number: number, text: string): Migration => {
    return ({ builder }) => {
      ran.push(number)
      return [sql.raw(text).compile(builder)]
    }
  }
  const connection = new Connection(path)
  t.teardown(() => connection.close())
  const registry = () => new Registry(connection, sqliteDialect.builder)
  const steps = [step(1, 'create table one (a integer)'), step(2, 'alter table one add column b integer')]
  migrate(connection, sqliteDialect, registry, steps.slice(0, 1))
  migrate(connection, sqliteDialect, registry, steps)
  migrate(connection, sqliteDialect, registry, steps)
  t.strictSame(ran, [1, 2])
  const broken = [
    ...steps,
    step(3, 'create table three (a integer)'),
    step(4, 'create table one (a integer)'),
  ]
  t.throws(() => migrate(connection, sqliteDialect, registry, broken))
  t.equal(registry().meta('schema_version'), '3', 'the step before it stays')
  t.throws(() => migrate(connection, sqliteDialect, registry, steps), { code: 'STATE_NEWER' })
})

t.test('another data key is refused before anything is touched', async (t) => {
  const path = join(folder(t), 'state')
  const store = await openStore(path, { vault, clock })
  await store.commit((tx) => tx.insertSession(session()))
  await store.close()
  await t.rejects(openStore(path, { vault: testVault(8), clock }), {
    code: 'DATA_KEY_WRONG',
    hint: /--data-key/,
  })
  t.equal(Buffer.from((await (await open(t, path)).credentials('id-a'))!).length, 27)
})

t.test('a sealed value that was changed or moved does not open', async (t) => {
  const path = join(folder(t), 'state')
  const store = await openStore(path, { vault, clock })
  await store.commit((tx) => {
    tx.insertSession(session('id-a'))
    tx.insertSession(session('id-b', { credentials: Buffer.from('of another') }))
    tx.saveProgress('account-a', { state: Buffer.from('state'), cursor: Buffer.from('cursor') })
    tx.appendJournal('account-a', Buffer.from('entry'))
  })
  await store.close()
  alter(
    path,
    `update sessions set credentials_sealed =
       (select credentials_sealed from sessions as other where other.id_hash = 'id-b') where id_hash = 'id-a';
     update progress set state_sealed = cursor_sealed;
     update meta set value = 'AAAA' where name = 'nothing'`,
  )
  const again = await open(t, path)
  await t.rejects(again.credentials('id-a'), { code: 'STATE_TAMPERED' })
  t.equal(Buffer.from((await again.credentials('id-b'))!).toString(), 'of another')
  await t.rejects(again.progress('account-a'), { code: 'STATE_TAMPERED' })
  await again.close()
  alter(path, `update meta set value = substr(value, 1, 80) || 'AAAA' where name = 'pseudonym_secret'`)
  await t.rejects(openStore(path, { vault, clock }), { code: /STATE_TAMPERED|NOT_BASE64/ })
})

t.test('a row that was changed into nonsense is named, not served', async (t) => {
  const path = join(folder(t), 'state')
  const store = await openStore(path, { vault, clock })
  await store.commit((tx) => tx.insertSession(session()))
  await store.commit((tx) => tx.insertAccount(account()))
  await store.close()
  alter(path, `update sessions set status = 'superb'; update accounts set scope = '"spot"'`)
  const again = await open(t, path)
  await t.rejects(again.sessionById('id-a'), { code: 'STATE_CORRUPT', message: /status/ })
  await t.rejects(again.account('account-a'), { code: 'STATE_CORRUPT', message: /scope/ })
})

t.test('no secret lies on the disk in clear, and none at all once its session ended', async (t) => {
  const path = join(folder(t), 'state')
  const store = await open(t, path)
  const disk = () => Buffer.concat(readdirSync(path).map((name) => readFileSync(join(path, name))))
  // long enough that what takes its place covers only a part of it
  const credentials = Buffer.from('K-very-secret'.repeat(200))
  await store.commit((tx) => {
    tx.insertSession(session('id-a', { credentials }))
    tx.saveProgress('account-a', {
      state: Buffer.from('lots-very-secret'),
      cursor: Buffer.from('K-very-secret'),
    })
    tx.appendJournal('account-a', Buffer.from('trade-very-secret'))
  })
  t.notOk(disk().includes('very-secret'))
  const probe = new DatabaseSync(join(path, 'state.db'), { readOnly: true })
  const row = probe.prepare('select credentials_sealed as sealed from sessions').get()
  probe.close()
  const sealed = Buffer.from(row?.['sealed'] as Uint8Array)
  t.ok(disk().includes(sealed), 'there it lies sealed')
  await store.commit((tx) => tx.endSession('id-a', { atMs: 1, reason: 'closed' }))
  t.notOk(disk().includes(sealed), 'gone from database and log')
  const left = disk()
  for (let at = 0; at + 16 <= sealed.length; at += 16) {
    if (left.includes(sealed.subarray(at, at + 16))) t.fail(`16 bytes at ${at} are still there`)
  }
})

t.test('refuses a folder it cannot write, and a file that is no state', async (t) => {
  const root = folder(t)
  writeFileSync(join(root, 'file'), '')
  await t.rejects(openStore(join(root, 'file'), { vault, clock }), {
    code: 'STATE_UNWRITABLE',
    hint: /--state/,
  })
  await t.rejects(openStore(join(root, 'file', 'state'), { vault, clock }), { code: 'STATE_UNWRITABLE' })
  mkdirSync(join(root, 'state', 'state.db'), { recursive: true })
  await t.rejects(openStore(join(root, 'state'), { vault, clock }), { code: 'STATE_UNWRITABLE' })
  mkdirSync(join(root, 'other'))
  writeFileSync(join(root, 'other', 'state.db'), 'this is a letter to my aunt, and a long one. '.repeat(100))
  await t.rejects(openStore(join(root, 'other'), { vault, clock }), { code: 'STATE_CORRUPT' })
})

const child = join(import.meta.dirname, 'disk-child.ts')
// tap puts its own NODE_OPTIONS into every child, which then handles signals
const node = ['env', '-u', 'NODE_OPTIONS', process.execPath, '--conditions=@perf-agg/source', child]

/** Only ever our own Node, behind a command that changes its surroundings. */
function run(command: string, args: readonly string[]) {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    timeout: 120_000,
  })
  if (done.status !== 0) t.comment(`ended with ${done.status ?? done.signal}`)
  return { ...done, said: done.status === 0 ? (JSON.parse(done.stdout) as unknown) : null }
}

t.test(
  'a full disk: refused, said so, a last word still fits, and it goes on once there is room',
  async (t) => {
    const path = folder(t)
    const mount = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=12m none "$0" && exec "$@"', path]
    if (spawnSync('unshare', [...mount, 'true']).status !== 0) return t.plan(0, 'no disk of our own to fill')
    const { said, stderr } = run('unshare', [...mount, ...node, 'full', join(path, 'state')])
    t.match(
      said,
      {
        refused: 'STATE_FULL',
        condition: 'full',
        headAfterRefusal: true,
        urgent: 'kept',
        stillRefused: 'STATE_FULL',
        probe: 'ok',
        goesOn: true,
        afterRestart: true,
      },
      stderr,
    )
  },
)

t.test('a disk that fails: nothing is acknowledged or tried again until a restart', async (t) => {
  const path = folder(t)
  // a write beyond the limit then fails instead of ending the process
  const limit = ['-c', 'trap "" XFSZ && exec prlimit --fsize=1500000 "$@"', 'sh']
  if (spawnSync('sh', [...limit, 'true']).status !== 0) return t.plan(0, 'no way to make writes fail here')
  const { said, stderr } = run('sh', [...limit, ...node, 'fail', join(path, 'state')])
  t.match(
    said,
    { refused: 'STATE_IO', condition: 'broken', nothingElse: 'STATE_IO', reads: true },
    { stderr },
  )
  const again = await open(t, join(path, 'state'))
  const { acknowledged } = said as { acknowledged: number }
  t.ok(acknowledged > 10)
  t.equal((await again.account('account-a'))?.head.sequence, acknowledged)
  t.equal((await again.outboxCounts()).pending, acknowledged)
  await again.commit((tx) => tx.appendStatement(statement('account-a', acknowledged + 1)))
  t.notOk(existsSync(join(path, 'state', 'state.db-journal')))
  copyFileSync(join(path, 'state', 'state.db'), join(path, 'copy.db'))
  const database = new DatabaseSync(join(path, 'copy.db'))
  t.match(database.prepare('pragma integrity_check').all(), [{ integrity_check: 'ok' }])
  database.close()
})
