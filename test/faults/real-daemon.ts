import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const bin = join(import.meta.dirname, '../../bin/perf-agg.js')

export interface Urls {
  readonly enclave: string
  readonly operations: string
  readonly ws: string
}

/** The program as it is shipped, in a process group of its own, over one state folder. */
export class RealDaemon {
  readonly #child: ChildProcess
  readonly ready: Promise<Urls>
  readonly #exited: Promise<unknown>
  #stderr = ''

  constructor(folder: string, backendUrl: string) {
    const config = join(folder, 'config.json')
    writeFileSync(
      config,
      JSON.stringify({
        // none: hours are stated while their trades still come, and corrected
        grace_seconds: Math.random() < 0.5 ? 0 : 1,
        limits: {
          requests_per_address_per_minute: 1_000_000,
          boxes_per_second: 1_000,
          quotes_per_second: 1_000,
        },
      }),
    )
    const ports = ['--port', '0', '--operations-port', '0', '--ws-port', '0']
    const places = [
      '--state',
      join(folder, 'state'),
      '--data-key',
      join(folder, 'data.key'),
      '--config',
      config,
    ]
    this.#child = spawn(
      'env',
      [
        '-u',
        'NODE_OPTIONS',
        process.execPath,
        bin,
        'serve',
        '--insecure-simulated',
        ...ports,
        ...places,
        '--backend-url',
        backendUrl,
      ],
      {
        // tap puts NODE_OPTIONS into every child, which would reach those that run under --permission
        env: { PATH: process.env['PATH'], HOME: folder },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      },
    )
    this.#exited = once(this.#child, 'exit')
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-20_000)
    })
    this.ready = this.#readyLine()
    this.ready.catch(() => undefined)
  }

  get stderr(): string {
    return this.#stderr
  }

  async #readyLine(): Promise<Urls> {
    for await (const line of createInterface(this.#child.stdout!)) {
      const said = JSON.parse(line) as Urls & { event: string }
      if (said.event === 'ready') return said
    }
    throw new Error(`it did not get ready: ${this.#stderr}`)
  }

  /** As a power cut has it: no handler runs. Resolves when nothing of its group is left. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
    await this.#groupGone()
  }

  /** @returns the exit code */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    await this.#exited
    await this.#groupGone()
    return this.#child.exitCode
  }

  /** Its children end with it, however it ends. */
  async #groupGone(): Promise<void> {
    const group = -this.#child.pid!
    for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 20) {
      try {
        process.kill(group, 0)
      } catch {
        return
      }
      await sleep(20)
    }
    process.kill(group, 'SIGKILL')
    throw new Error('children of the daemon outlived it')
  }
}
