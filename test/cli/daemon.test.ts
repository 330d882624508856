import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { wallet } from '../e2e/address.ts'
import { commandIn, differenceOf, readScript, readScriptFile, runStep, sandbox } from './script.ts'

/** The commands against a daemon and a simulated exchange, every one of them the real program. */

/** Starts a command that prints a line of JSON when it is ready. */
async function start(args: readonly string[], folder: string, env: Record<string, string>) {
  const child = spawn(commandIn(folder), args, {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (out.includes('\n')) resolve(JSON.parse(out.slice(0, out.indexOf('\n'))) as Record<string, unknown>)
    })
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}: ${err}`)))
  })
  return { child, ready, stderr: () => err }
}

/** Takes statements; the first body that comes is kept. */
async function startBackend() {
  const { promise: first, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => {
      resolve(Buffer.concat(chunks))
      response.writeHead(204).end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { server, first, url: `http://127.0.0.1:${port}` }
}

async function stop(child: ChildProcess): Promise<{ code: number | null; tookMs: number }> {
  const startedMs = performance.now()
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  return { code: await ended, tookMs: performance.now() - startedMs }
}

t.test('the commands, with a daemon', async (t) => {
  const folder = t.testdir()
  const env = sandbox(folder)
  const exchange = await start(['simulate', '--port', '0', '--credentials-out', 'toy.json'], folder, env)
  t.teardown(() => exchange.child.kill('SIGKILL'))
  const addresses = await start(
    ['simulate', '--exchange', 'hyperliquid', '--port', '0', '--credentials-out', 'address.json'],
    folder,
    env,
  )
  t.teardown(() => addresses.child.kill('SIGKILL'))
  t.match(addresses.ready, { accounts: [{ wallet_address: /^0x[0-9a-f]{40}$/ }] })
  const backend = await startBackend()
  t.teardown(() => backend.server.close())
  const config = {
    backend_url: backend.url,
    exchanges: {
      binance: { base_url: exchange.ready['url'] },
      hyperliquid: { base_url: addresses.ready['url'] },
    },
    insecure_simulated: true,
  }
  writeFileSync(join(folder, 'perf-agg.json'), JSON.stringify(config))
  const ports = ['--port', '0', '--operations-port', '0', '--ws-port', '0']
  const daemon = await start(['serve', '--config', 'perf-agg.json', ...ports], folder, env)
  t.teardown(() => daemon.child.kill('SIGKILL'))
  t.match(daemon.ready, { event: 'ready', enclave: /^http:/, operations: /^http:/, ws: /^ws:/ })

  const urls = { URL: String(daemon.ready['enclave']), OPS: String(daemon.ready['operations']) }
  for (const step of readScriptFile('daemon/session.script')) {
    if (step.command.includes('statement.json')) {
      writeFileSync(join(folder, 'statement.json'), await backend.first)
    }
    const difference = differenceOf(step, await runStep(step, folder, { ...env, ...urls }))
    t.equal(difference, null, `session.script:${step.line} ${step.command}`)
  }

  await t.test('hidden prompts, at a terminal', async (t) => {
    const python = await runStep(readScript('$ python3 -c "import pty"')[0]!, folder, env)
    if (python.exitCode !== 0) {
      t.comment('skipped: python3 is needed to be a terminal')
      return
    }
    const typed = fileURLToPath(new URL('./terminal.py', import.meta.url))
    const register = `perf-agg register --service-url ${urls.URL} --client-id me --exchange binance --insecure-simulated`
    const entered = await runStep(
      readScript(`$ python3 ${typed} enter toy.json -- ${register}`)[0]!,
      folder,
      env,
    )
    t.match(entered, { exitCode: 0, stdout: /status +active/ }, 'what is typed is taken')
    t.match(entered.stdout, /echo restored/)
    t.notMatch(entered.stdout, /secret shown/, 'and not shown')
    const left = await runStep(
      readScript(`$ python3 ${typed} leave toy.json -- ${register}`)[0]!,
      folder,
      env,
    )
    t.match(left, { exitCode: 130, stdout: /echo restored/ }, 'Ctrl-C gives the terminal back')
    t.notMatch(left.stdout, /perf-agg: /, 'and says nothing')
  })

  await t.test('an address and its signature, at a terminal', async (t) => {
    const python = await runStep(readScript('$ python3 -c "import pty"')[0]!, folder, env)
    if (python.exitCode !== 0) {
      t.comment('skipped: python3 is needed to be a terminal')
      return
    }
    const typed = fileURLToPath(new URL('./terminal.py', import.meta.url))
    const signer = fileURLToPath(new URL('./sign-ownership.ts', import.meta.url))
    const key = '46'.repeat(32)
    const register = `perf-agg register --service-url ${urls.URL} --client-id hl --exchange hyperliquid --insecure-simulated`
    const answering = async (name: string, lines: readonly string[]) => {
      const wallets = { lines, wallet: [process.execPath, '--conditions=@perf-agg/source', signer] }
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(wallets))
      const command = `$ python3 ${typed} wallet ${name}.json -- ${register} --label ${name}`
      return runStep(readScript(command)[0]!, folder, env)
    }
    const proven = await answering('proven', [
      wallet.slice(0, 20),
      wallet,
      'nonsense',
      `0x${'11'.repeat(65)}`,
      'sign',
    ])
    t.match(proven, { exitCode: 0, stdout: /ownership +proven/ })
    t.match(
      proven.stdout,
      /that has 20 characters[^]*that has 8 characters[^]*no signature of what stands above/,
    )
    const secret = await answering('secret', [`0x${key}`])
    t.match(secret, { exitCode: 2, stdout: /as long as a private key; nothing was sent/ })
    t.notMatch(secret.stdout, /primaryType/, 'nothing is made of it')
    const other = await answering('other', [`0x${'ab'.repeat(20)}`, 'sign', ''])
    t.match(other.stdout, /that was signed by 0x/)
    t.match(other, { exitCode: 0, stdout: /ownership +unproven/ })
  })

  await t.test('the daemon stops in time, and exits 0', async (t) => {
    const { code, tookMs } = await stop(daemon.child)
    t.equal(code, 0)
    t.ok(tookMs < 60_000, `${Math.round(tookMs)} ms`)
    t.notMatch(daemon.stderr(), /hunter|"session_id"/, 'no secret is logged')
  })
  const simulator = await stop(exchange.child)
  t.equal(simulator.code, 0, 'so does the simulator')
})
