import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { bundleOf, childEnvironment, commandOf } from '../../src/daemon/child.ts'

/** What a hostile release of ccxt could try from inside: each piece prints `refused` or what it got. */
function inside(role: 'collector' | 'egress', code: string): string {
  const script = `const done = (text) => { console.log(text); process.exit(0) }
    const refused = (error) => done(error.code ?? error.name)
    try { ${code} } catch (error) { refused(error) }`
  const [file, arguments_] = commandOf(role, ['--input-type=module', '--eval', script])
  const { stdout } = spawnSync(file, arguments_, {
    env: { ...childEnvironment },
    encoding: 'utf8',
    timeout: 20_000,
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
  for (const role of ['collector', 'egress'] as const) {
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
