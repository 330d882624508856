import { Interrupted, UsageError } from '../failure.ts'

/**
 * Asks at the terminal. What is typed at a hidden prompt is not shown, and the terminal is given back as it
 * was, however the prompt ends: Enter, Ctrl-C, a signal, an exception.
 */

const keys = {
  interrupt: 3,
  end: 4,
  backspace: 8,
  newline: 10,
  return: 13,
  eraseLine: 21,
  escape: 27,
  delete: 127,
}
const lengthMax = 16_384

export async function askHidden(question: string): Promise<string> {
  return ask(question, true)
}

export async function askOpen(question: string): Promise<string> {
  return ask(question, false)
}

/** Anything but a clear yes is a no. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask(`${question} [y/N] `, false)
  return /^(y|yes)$/i.test(answer.trim())
}

async function ask(question: string, hidden: boolean): Promise<string> {
  const { stdin, stderr } = process
  if (!stdin.isTTY) {
    throw new UsageError('NO_TERMINAL', 'there is no terminal to ask at', {
      hint: 'give the credentials as JSON with --credentials-file FILE, or - for stdin',
    })
  }
  const restore = () => {
    stdin.setRawMode(false)
  }
  const onSignal = (signal: NodeJS.Signals) => {
    restore()
    stderr.write('\n')
    process.kill(process.pid, signal)
  }
  stdin.setRawMode(true)
  process.once('exit', restore)
  process.once('SIGTERM', onSignal)
  process.once('SIGHUP', onSignal)
  stdin.resume()
  try {
    // whoever answers at once is not shown either
    stderr.write(question)
    return await readLine(hidden)
  } finally {
    stdin.pause()
    restore()
    process.off('exit', restore)
    process.off('SIGTERM', onSignal)
    process.off('SIGHUP', onSignal)
    stderr.write('\n')
  }
}

function readLine(hidden: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: number[] = []
    let inEscape = false
    const finish = (end: () => void) => {
      process.stdin.off('data', onData)
      process.stdin.off('end', onEnd)
      end()
      typed.fill(0)
    }
    const onEnd = () => finish(() => reject(new Interrupted()))
    const onData = (chunk: Buffer) => {
      for (const byte of chunk) {
        if (inEscape) {
          // Arrow keys and the marks around a pasted text: swallowed up to their final letter.
          inEscape = !((byte >= 64 && byte <= 126 && byte !== 91) || byte === keys.return)
        } else if (byte === keys.interrupt || (byte === keys.end && typed.length === 0)) {
          return finish(() => reject(new Interrupted()))
        } else if (byte === keys.return || byte === keys.newline || byte === keys.end) {
          chunk.fill(0)
          return finish(() => resolve(Buffer.from(typed).toString('utf8')))
        } else if (byte === keys.backspace || byte === keys.delete) {
          erase(1)
        } else if (byte === keys.eraseLine) {
          erase(typed.length)
        } else if (byte === keys.escape) {
          inEscape = true
        } else if (byte >= 32 && typed.length < lengthMax) {
          typed.push(byte)
          if (!hidden) process.stderr.write(Buffer.of(byte))
        }
      }
      chunk.fill(0)
    }
    const erase = (count: number) => {
      for (let index = 0; index < count && typed.length > 0; index += 1) {
        // A character of several bytes goes as one.
        while (typed.length > 1 && (typed.at(-1)! & 0xc0) === 0x80) typed.pop()
        typed.pop()
        if (!hidden) process.stderr.write('\b \b')
      }
    }
    process.stdin.on('data', onData)
    process.stdin.once('end', onEnd)
  })
}
