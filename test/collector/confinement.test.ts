import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { bundleOf, childEnvironment, commandOf } from '../../src/daemon/child.ts'
import { Pair } from '../../src/daemon/collecting/pair.ts'
import { childUidDefault, type ChildUser, findChildUser } from '../../src/daemon/collecting/child-user.ts'
import { childrenOf, processFile } from '../e2e/processes.ts'

/** What a hostile release of ccxt could try from inside: each piece prints `refused` or what it got. */
function inside(
  role: 'collector' | 'listener' | 'egress',
  code: string,
  user: ChildUser | null = null,
): string {
  const script = `const done = (text) => { console.log(text); process.exit(0) }
    const refused = (error) => done(error.code ?? error.name)
    try { ${code} } catch (error) { refused(error) }`
  const [file, arguments_] = commandOf(role, ['--input-type=module', '--eval', script])
  const { stdout } = spawnSync(file, arguments_, {
    env: { ...childEnvironment },
    ...user,
    encoding: 'utf8',
    timeout: 60_000,
  })
  return stdout.trim()
}

const denied = 'ERR_ACCESS_DENIED'

t.test('the collector reaches no network', async (t) => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const connect = `const net = await import('node:net')
    net.connect(${port}, '127.0.0.1').on('data', () => done('connected')).on('error', refused)`
  t.equal(inside('collector', connect), denied)
  t.equal(
    inside(
      'collector',
      `await fetch('http://127.0.0.1:${port}').then(() => done('fetched'), (e) => refused(e.cause ?? e))`,
    ),
    denied,
  )
  t.equal(
    inside(
      'collector',
      `(await import('node:dns')).lookup('example.org', (e) => e ? refused(e) : done('resolved'))`,
    ),
    denied,
  )
  t.equal(
    inside(
      'collector',
      `(await import('node:net')).createServer().on('error', refused).listen(0, () => done('listens'))`,
    ),
    denied,
  )
  t.equal(
    inside('collector', `(await import('node:net')).connect('/tmp/no.sock').on('error', refused)`),
    denied,
  )
})

t.test('no more does a listener', async (t) => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  t.equal(
    inside(
      'listener',
      `(await import('node:net')).connect(${port}, '127.0.0.1').on('data', () => done('connected')).on('error', refused)`,
    ),
    denied,
  )
  t.equal(inside('listener', `done(typeof WebSocket)`), 'undefined')
  t.equal(inside('listener', `(await import('node:fs')).readFileSync('/etc/passwd'); done('read')`), denied)
  t.equal(
    inside(
      'listener',
      `(await import('node:fs')).readFileSync(${JSON.stringify(bundleOf('collector'))}); done('read')`,
    ),
    denied,
    'nor another child’s program',
  )
})

t.test('the collector reads and writes no file but its own program', async (t) => {
  t.equal(inside('collector', `(await import('node:fs')).readFileSync('/etc/passwd'); done('read')`), denied)
  t.equal(inside('collector', `(await import('node:fs')).readdirSync('/'); done('listed')`), denied)
  t.equal(
    inside(
      'collector',
      `(await import('node:fs')).writeFileSync('/tmp/perf-agg-probe', ''); done('written')`,
    ),
    denied,
  )
  t.equal(
    inside(
      'collector',
      `(await import('node:fs')).readFileSync(${JSON.stringify(bundleOf('collector'))}); done('read')`,
    ),
    'read',
  )
  t.equal(inside('egress', `(await import('node:fs')).readFileSync('/etc/passwd'); done('read')`), denied)
  t.equal(
    inside(
      'egress',
      `(await import('node:fs')).readFileSync(${JSON.stringify(bundleOf('collector'))}); done('read')`,
    ),
    denied,
    'nor does egress read the collector',
  )
})

t.test('neither starts a process or a thread, nor opens a database', async (t) => {
  for (const role of ['collector', 'listener', 'egress'] as const) {
    t.equal(
      inside(role, `(await import('node:child_process')).spawnSync('/bin/true'); done('spawned')`),
      denied,
    )
    t.equal(
      inside(role, `new (await import('node:worker_threads')).Worker('1', { eval: true }); done('thread')`),
      denied,
    )
    t.equal(inside(role, `await import('node:sqlite'); done('sqlite')`), 'ERR_UNKNOWN_BUILTIN_MODULE')
    t.equal(
      inside(role, `process.dlopen({ exports: {} }, '/lib/x.node'); done('addon')`),
      'ERR_DLOPEN_DISABLED',
    )
    t.equal(inside(role, `eval('1'); done('evaluated')`), 'EvalError')
    t.equal(inside(role, `done(typeof ({}).__proto__)`), 'undefined')
    t.equal(
      inside(
        role,
        `done(JSON.stringify(Object.keys(process.env).filter((n) => !['TZ', 'LANG', 'PWD', 'SHLVL', '_'].includes(n) && !n.startsWith('_TAPJS'))))`,
      ),
      '[]',
    )
  }
})

const user = findChildUser(null)
const noOther =
  user === null ? 'no other user can be had: needs root, and a project that others may read' : false

t.test('under a user of its own it can not signal the daemon', { skip: noOther }, async (t) => {
  const daemon = spawn('/bin/sleep', ['60'])
  await once(daemon, 'spawn')
  for (const role of ['collector', 'listener', 'egress'] as const) {
    for (const pid of [process.pid, daemon.pid]) {
      for (const signal of ['SIGTERM', 'SIGKILL', 'SIGUSR1', 0] as const) {
        const tried = `process.kill(${pid}, ${JSON.stringify(signal)}); done('signalled')`
        t.equal(inside(role, tried, user), 'EPERM', `${role}, ${signal}`)
      }
    }
    t.equal(inside(role, `process.kill(process.ppid, 0); done('signalled')`, user), 'EPERM', 'nor its parent')
    t.equal(inside(role, `process.setuid(0); done('root')`, user), 'EPERM', 'nor become another again')
    t.equal(
      inside(role, `done([process.getuid(), process.getgid(), process.getgroups()].join())`, user),
      `${childUidDefault},${childUidDefault},${childUidDefault}`,
    )
    t.equal(
      inside(
        role,
        `(await import('node:fs')).readFileSync('/proc/${process.pid}/environ'); done('read')`,
        user,
      ),
      denied,
    )
  }
  t.equal(daemon.signalCode, null, 'and it runs on')
  daemon.kill('SIGKILL')
  await once(daemon, 'exit')
})

t.test('what it can not do, it can not do as that user either', { skip: noOther }, async (t) => {
  const tries: readonly (readonly [string, string])[] = [
    [`(await import('node:fs')).readFileSync('/etc/passwd'); done('read')`, denied],
    [`(await import('node:fs')).writeFileSync('/tmp/perf-agg-probe', ''); done('written')`, denied],
    [`await import('node:sqlite'); done('sqlite')`, 'ERR_UNKNOWN_BUILTIN_MODULE'],
    [`(await import('node:net')).connect(1, '127.0.0.1').on('error', refused)`, denied],
    [`(await import('node:child_process')).spawnSync('/bin/true'); done('spawned')`, denied],
  ]
  for (const [code, expected] of tries) t.equal(inside('collector', code, user), expected)
  t.equal(
    inside(
      'collector',
      `(await import('node:fs')).readFileSync(${JSON.stringify(bundleOf('collector'))}); done('read')`,
      user,
    ),
    'read',
    'its own program it reads',
  )
})

t.test('a pair of both starts and works as that user', { skip: noOther }, async (t) => {
  const pair = await Pair.start([], { onDeath: () => {}, onRefused: () => {} }, { user, address: null })
  t.teardown(() => pair.close())
  const theirs = childrenOf(process.pid).filter((pid) =>
    new RegExp(`^Uid:(\\s+${childUidDefault}){4}$`, 'm').test(processFile(pid, 'status')),
  )
  t.equal(theirs.length, 2)
  for (const pid of theirs) {
    t.match(processFile(pid, 'limits'), /^Max core file size\s+0\s/m, 'without core dumps')
  }
})

t.test('which user the children get', async (t) => {
  const able = (ownUid: number | null, possible: boolean) => ({ ownUid, canRunAs: () => possible })
  const other = { uid: childUidDefault, gid: childUidDefault }
  t.strictSame(findChildUser(null, able(0, true)), other, 'root takes one')
  t.equal(findChildUser(null, able(0, false)), null, 'where it can')
  t.equal(findChildUser(null, able(1_000, true)), null, 'nobody else does so unasked')
  t.equal(findChildUser(null, able(null, true)), null, 'nor a platform that has none')
  t.strictSame(findChildUser(1_234, able(1_000, true)), { uid: 1_234, gid: 1_234 }, 'unless it is asked for')
  for (const system of [able(1_000, false), able(1_234, true), able(null, true), able(0, false)]) {
    t.throws(
      () => findChildUser(1_234, system),
      { code: 'CHILD_USER_REFUSED' },
      'and what is asked for is had',
    )
  }
})

const noSetpriv = noOther || (spawnSync('setpriv', ['--version']).status === 0 ? false : 'needs setpriv')

t.test('rights that the children would keep make them no other user', { skip: noSetpriv }, async (t) => {
  const rights = '+setuid,+setgid,+kill'
  const module = new URL('../../src/daemon/collecting/child-user.ts', import.meta.url).href
  const script = `const { findChildUser } = await import(${JSON.stringify(module)})
    try { console.log(findChildUser(${childUidDefault})) } catch ({ code }) { console.log(code) }`
  const handed = ['--inh-caps', rights, '--ambient-caps', rights]
  for (const flags of [handed, []]) {
    const as = ['--reuid', '12345', '--regid', '12345', '--clear-groups', ...flags]
    const node = [process.execPath, '--conditions=@perf-agg/source', '--input-type=module', '--eval', script]
    const { stdout, stderr } = spawnSync('setpriv', [...as, ...node], {
      env: {},
      encoding: 'utf8',
      timeout: 60_000,
    })
    t.equal(stdout.trim(), 'CHILD_USER_REFUSED', `${flags.join(' ')} ${stderr}`)
  }
})
