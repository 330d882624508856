import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const bin = fileURLToPath(new URL('../../bin/perf-agg.js', import.meta.url))

export interface ServedOptions {
  /** State, data key and configuration lie in it. */
  readonly folder: string
  readonly config?: object
  /** Beside those that make it a daemon of its own in its folder. */
  readonly flags?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** What runs instead of node itself, with node and its arguments behind it. */
  readonly wrapper?: readonly string[]
}

export interface Urls {
  readonly enclave: string
  readonly operations: string
  readonly ws: string
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

/** `perf-agg serve` as it is shipped, in a process of its own. */
export class Served {
  readonly #child: ChildProcess
  readonly ended: Promise<Ended>
  readonly ready: Promise<Urls>
  #out = ''
  #err = ''

  private constructor({ folder, config, flags, environment, wrapper = [] }: ServedOptions) {
    const file = join(folder, 'perf-agg.json')
    const often = {
      requests_per_address_per_minute: 100_000,
      boxes_per_second: 1_000,
      quotes_per_second: 1_000,
    }
    writeFileSync(file, JSON.stringify({ grace_seconds: 0, limits: often, ...config }))
    const places = [
      '--config',
      file,
      '--state',
      join(folder, 'state'),
      '--data-key',
      join(folder, 'data.key'),
    ]
    const ports = ['--port', '0', '--operations-port', '0', '--ws-port', '0']
    const [program = process.execPath, ...arguments_] = [
      ...wrapper,
      process.execPath,
      bin,
      'serve',
      '--insecure-simulated',
      ...places,
      ...ports,
      ...(flags ?? []),
    ]
    const begun = performance.now()
    this.#child = spawn(program, arguments_, {
      cwd: folder,
      // nothing of the test runner's
      env: { PATH: process.env['PATH'], HOME: folder, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout!.on('data', (part: Buffer) => (this.#out += part.toString()))
    this.#child.stderr!.on('data', (part: Buffer) => (this.#err += part.toString()))
    this.ended = once(this.#child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.#out,
      stderr: this.#err,
      tookMs: performance.now() - begun,
    }))
    this.ready = new Promise((resolve) => {
      this.#child.stdout!.on('data', () => {
        const end = this.#out.indexOf('\n')
        if (end >= 0) resolve(JSON.parse(this.#out.slice(0, end)) as Urls)
      })
    })
  }

  static folder(t: Test): string {
    const folder = mkdtempSync(join(tmpdir(), 'perf-agg-served-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  }

  /** Does not wait for anything. */
  static launch(t: Pick<Test, 'teardown'>, options: ServedOptions): Served {
    const served = new Served(options)
    t.teardown(() => served.kill())
    return served
  }

  /** Resolves when it is ready. */
  static async start(
    t: Pick<Test, 'teardown'>,
    options: ServedOptions,
  ): Promise<{ served: Served; urls: Urls }> {
    const served = Served.launch(t, options)
    const failed = served.ended.then(({ code, stderr }) => {
      throw new Error(`it ended with ${code}: ${stderr}`)
    })
    const urls = await Promise.race([served.ready, failed])
    failed.catch(() => undefined)
    return { served, urls }
  }

  /** For a start that is to fail. */
  static async refused(options: ServedOptions): Promise<Ended> {
    const served = new Served(options)
    const timer = setTimeout(() => served.#child.kill('SIGKILL'), 30_000)
    return served.ended.finally(() => clearTimeout(timer))
  }

  get pid(): number {
    return this.#child.pid!
  }

  get stdout(): string {
    return this.#out
  }

  get stderr(): string {
    return this.#err
  }

  /** Nobody reads what it writes any more. */
  deafen(): void {
    this.#child.stdout!.destroy()
    this.#child.stderr!.destroy()
  }

  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<Ended> {
    const begun = performance.now()
    this.#child.kill(signal)
    return { ...(await this.ended), tookMs: performance.now() - begun }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}
