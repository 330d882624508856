import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A headless Chromium of this machine, and a server on loopback that hands it one page. */

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

export function findChromium(): string | null {
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) ?? null
}

export interface PageOptions {
  readonly browser: string
  /** For the browser's own files. */
  readonly folder: string
  /** By path. */
  readonly scripts: Readonly<Record<string, string>>
  readonly entry: string
  readonly task: unknown
  readonly timeoutMs: number
}

/** Nothing but what the page needs: its own scripts, WebAssembly for libsodium, its own server. */
const contentPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

/** What the page posted to `/result`. */
export async function runPage(options: PageOptions): Promise<any> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    if (request.method === 'POST') {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.once('end', () => {
        response.end()
        resolve(JSON.parse(Buffer.concat(pieces).toString()))
      })
      return
    }
    const [type, body] =
      path === '/'
        ? [
            'text/html',
            `<!doctype html><title>.</title><script type="module" src="${options.entry}"></script>`,
          ]
        : path === '/task'
          ? ['application/json', JSON.stringify(options.task)]
          : ['text/javascript', options.scripts[path] ?? null]
    if (body === null || body === undefined) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': type!, 'content-security-policy': contentPolicy }).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const child = startBrowser(options, `http://127.0.0.1:${port}/`)
  child.once('error', reject)
  child.once('exit', (code) => reject(new Error(`the browser ended (${code})`)))
  const timer = setTimeout(() => reject(new Error('the page told nothing in time')), options.timeoutMs)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    endGroup(child)
    server.closeAllConnections()
    server.close()
  }
}

/** A browser is many processes: all of its group end with it. */
function endGroup({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

function startBrowser({ browser, folder }: PageOptions, url: string): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env
  return spawn(
    browser,
    [
      '--headless',
      // Test machines run as root in containers without user namespaces or much of /dev/shm.
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--no-first-run',
      '--no-proxy-server',
      '--disable-background-networking',
      `--user-data-dir=${folder}`,
      url,
    ],
    { env: { ...env, HOME: folder }, stdio: 'ignore', detached: true },
  )
}
