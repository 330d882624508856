import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A headless Chromium that is driven through its DevTools protocol: opened pages, keys, pictures, and all that it asked for. */

interface Answer {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Record<string, any>
  readonly result?: Record<string, any>
  readonly error?: { readonly message: string }
}

export class Browser {
  readonly #child: ChildProcess
  readonly #socket: WebSocket
  readonly #waiting = new Map<
    number,
    { resolve: (value: Record<string, any>) => void; reject: (error: Error) => void }
  >()
  readonly #listeners = new Set<(answer: Answer) => void>()
  #sent = 0

  private constructor(child: ChildProcess, socket: WebSocket) {
    this.#child = child
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer
      const waiting = answer.id === undefined ? undefined : this.#waiting.get(answer.id)
      if (waiting === undefined) {
        for (const listener of this.#listeners) listener(answer)
        return
      }
      this.#waiting.delete(answer.id!)
      if (answer.error === undefined) waiting.resolve(answer.result ?? {})
      else waiting.reject(new Error(answer.error.message))
    })
  }

  static async start(program: string, folder: string): Promise<Browser> {
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn(
      program,
      [
        '--headless',
        '--no-sandbox',
        '--disable-dev-shm-usage',
        '--disable-gpu',
        '--no-first-run',
        '--no-proxy-server',
        '--disable-background-networking',
        '--hide-scrollbars',
        '--remote-debugging-port=0',
        `--user-data-dir=${folder}`,
        'about:blank',
      ],
      { env: { ...env, HOME: folder }, stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    )
    let told = ''
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr!.on('data', (part: Buffer) => {
        told += part.toString()
        const found = /DevTools listening on (ws:\S+)/.exec(told)?.[1]
        if (found !== undefined) resolve(found)
      })
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`the browser ended: ${told.slice(-300)}`)))
    })
    const socket = new WebSocket(url, { maxPayload: 268_435_456 })
    await once(socket, 'open')
    return new Browser(child, socket)
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, any>> {
    const id = (this.#sent += 1)
    this.#socket.send(
      JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
    )
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  listen(listener: (answer: Answer) => void): void {
    this.#listeners.add(listener)
  }

  /** A page of a size, in a colour scheme. */
  async open(url: string, look: Partial<Look> = {}): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page(this, sessionId as string, targetId as string)
    await page.begin(url, { width: 1280, height: 900, scheme: 'light', ...look })
    return page
  }

  close(): void {
    this.#socket.terminate()
    const { pid, exitCode } = this.#child
    if (pid === undefined || exitCode !== null) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
}

export interface Look {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
  /** Runs in the page before anything of its own. */
  readonly before: string
}

export class Page {
  readonly #browser: Browser
  readonly #session: string
  readonly #target: string
  /** Every address that it asked for. */
  readonly asked: string[] = []
  /** What the console was told, and exceptions. */
  readonly complaints: string[] = []

  constructor(browser: Browser, session: string, target: string) {
    this.#browser = browser
    this.#session = session
    this.#target = target
    browser.listen(({ sessionId, method, params = {} }) => {
      if (sessionId !== session) return
      if (method === 'Network.requestWillBeSent') this.asked.push(String(params['request'].url))
      if (method === 'Runtime.exceptionThrown')
        this.complaints.push(JSON.stringify(params['exceptionDetails']))
      if (method === 'Runtime.consoleAPICalled') this.complaints.push(JSON.stringify(params['args']))
      if (method === 'Log.entryAdded') this.complaints.push(JSON.stringify(params['entry']))
    })
  }

  send(method: string, params: object = {}): Promise<Record<string, any>> {
    return this.#browser.send(method, params, this.#session)
  }

  async begin(url: string, look: Partial<Look> & Omit<Look, 'before'>): Promise<void> {
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await this.send(`${domain}.enable`)
    await this.send('Emulation.setDeviceMetricsOverride', {
      width: look.width,
      height: look.height,
      deviceScaleFactor: 1,
      mobile: look.width < 600,
    })
    await this.send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: look.scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ],
    })
    if (look.before !== undefined) {
      await this.send('Page.addScriptToEvaluateOnNewDocument', { source: look.before })
    }
    await this.send('Page.navigate', { url })
  }

  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return result!['value'] as Value
  }

  /** Looks again and again until it is true. */
  async until(expression: string, timeoutMs = 240_000): Promise<void> {
    const endMs = performance.now() + timeoutMs
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`).catch(() => false))) {
      if (performance.now() > endMs) throw new Error(`waited in vain: ${expression}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** What the check came to, once it did. */
  async verdict(timeoutMs = 240_000): Promise<string> {
    const read = 'document.documentElement?.dataset.verdict'
    await this.until(`${read} !== undefined && ${read} !== 'checking'`, timeoutMs)
    return this.evaluate<string>(read)
  }

  async key(key: string): Promise<void> {
    const known: Record<string, number> = {
      Tab: 9,
      Enter: 13,
      End: 35,
      Home: 36,
      ArrowLeft: 37,
      ArrowRight: 39,
    }
    const base = { key, code: key, windowsVirtualKeyCode: known[key] ?? 0 }
    await this.send('Input.dispatchKeyEvent', { ...base, type: 'keyDown' })
    await this.send('Input.dispatchKeyEvent', { ...base, type: 'keyUp' })
  }

  async close(): Promise<void> {
    await this.#browser.send('Target.closeTarget', { targetId: this.#target })
  }

  async picture(whole = true): Promise<Buffer> {
    // drawn once more, as wide as it now is
    await this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    const { data } = await this.send('Page.captureScreenshot', {
      format: 'png',
      captureBeyondViewport: whole,
    })
    return Buffer.from(data as string, 'base64')
  }

  async pdf(): Promise<Buffer> {
    const { data } = await this.send('Page.printToPDF', { printBackground: true, preferCSSPageSize: true })
    return Buffer.from(data as string, 'base64')
  }
}
