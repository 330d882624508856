import { styleText } from 'node:util'
import type { Style } from '../terminal/terminal.ts'
import type { Size } from './frame.ts'

/**
 * The terminal taken over and given back: the other screen, no cursor, keys as they are pressed. A frame is one write,
 * and only where something changed, so that nothing flickers. However the process ends, the terminal is as it was.
 */
export class Screen {
  readonly #out: NodeJS.WriteStream
  readonly #in: NodeJS.ReadStream
  #shown = ''
  #taken = false

  constructor(out: NodeJS.WriteStream = process.stdout, input: NodeJS.ReadStream = process.stdin) {
    this.#out = out
    this.#in = input
  }

  get size(): Size {
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 }
  }

  readonly paint = (style: Style, text: string): string => styleText(style, text, { stream: this.#out })

  /** @param onKey told every key; @param onResize told when the size has changed */
  take(onKey: (key: string) => void, onResize: () => void): void {
    if (this.#taken) return
    this.#taken = true
    process.once('exit', this.release)
    this.#out.write('\x1b[?1049h\x1b[?25l\x1b[2J')
    if (this.#in.isTTY) {
      this.#in.setRawMode(true)
      this.#in.setEncoding('utf8')
      this.#in.on('data', onKey)
      this.#in.resume()
    }
    this.#out.on('resize', () => {
      this.#shown = ''
      onResize()
    })
  }

  show(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\x1b[K`).join('\r\n')
    if (!this.#taken || text === this.#shown) return
    this.#shown = text
    // between these two a terminal that knows them shows nothing half done
    this.#out.write(`\x1b[?2026h\x1b[H${text}\x1b[J\x1b[?2026l`)
  }

  readonly release = (): void => {
    if (!this.#taken) return
    this.#taken = false
    if (this.#in.isTTY) {
      this.#in.setRawMode(false)
      this.#in.pause()
    }
    this.#out.write('\x1b[?25h\x1b[?1049l')
  }
}
