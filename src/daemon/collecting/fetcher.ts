import type { ChildProcess } from 'node:child_process'
import { Duplex } from 'node:stream'
import { readArray, readEnum, readInteger, readObject, readRecord, readString } from '@perf-agg/sdk'
import type { Rule } from '../../egress/hosts.ts'
import { readControlMessage, refusals } from '../../egress/message.ts'
import { type Frame, writeFrame } from '../../frame.ts'
import { limits } from '../../limits.ts'
import type { ChildUser } from './child-user.ts'
import { readFrames, spawnChild } from '../child.ts'

export interface FetchedFile {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array
}

/**
 * Fetches files of the network for the daemon, which has none: through an egress process of its own that lives as
 * long as `use` runs, and lets through what `rules` allow.
 */
export async function withFetcher<Value>(
  rules: readonly Rule[],
  user: ChildUser | null,
  signal: AbortSignal,
  use: (fetchFile: (url: string) => Promise<FetchedFile | null>) => Promise<Value>,
): Promise<Value> {
  const child = spawnChild('egress', ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], user)
  const link = pipeOf(child, 3)
  const control = pipeOf(child, 4)
  const waiting = new Map<number, (file: FetchedFile | null) => void>()
  const { promise: ready, resolve: tellReady } = Promise.withResolvers<void>()
  let ended = false
  let lastId = 0
  const end = (): void => {
    ended = true
    for (const resolve of waiting.values()) resolve(null)
    waiting.clear()
    tellReady()
  }
  child.once('error', end)
  readFrames(
    control,
    controlBounds,
    (frame) => {
      if (readControlMessage(frame.head).kind === 'ready') tellReady()
    },
    end,
  )
  readFrames(
    link,
    answerBounds,
    (frame) => {
      const { id, file } = readAnswer(frame)
      waiting.get(id)?.(file)
      waiting.delete(id)
    },
    end,
  )
  const kill = (): void => void child.kill('SIGKILL')
  const timer = setTimeout(kill, limits.attestation.gatherTimeoutMs)
  signal.addEventListener('abort', kill, { once: true })
  try {
    await writeFrame(control, { rules, address: null }).catch(end)
    await ready
    return await use((url) => {
      if (ended) return Promise.resolve(null)
      const id = (lastId += 1)
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        writeFrame(link, { id, method: 'GET', url, headers: { accept: '*/*' } }).catch(end)
      })
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    kill()
  }
}

const controlBounds = { headBytesMax: 65_536, bodyBytesMax: 0 }
const answerBounds = { headBytesMax: 65_536, bodyBytesMax: limits.egress.bodyBytesMax }

/** Null for what was refused, or went nowhere. @throws {InputError} for what is no answer */
function readAnswer({ head, body }: Frame): { id: number; file: FetchedFile | null } {
  const kind = readEnum(readRecord(head, '')['kind'], 'kind', ['answer', 'refused'])
  if (kind === 'refused') {
    const refused = readObject(head, '', { required: ['kind', 'id', 'code'] })
    readEnum(refused.code, 'code', refusals)
    return { id: readInteger(refused.id, 'id'), file: null }
  }
  const answer = readObject(head, '', { required: ['kind', 'id', 'status', 'headers'] })
  const headers = readArray(answer.headers, 'headers', 64, (pair, path) => {
    const [name, value] = readArray(pair, path, 2)
    return [readString(name, path), readString(value, path, { max: 16_384 })] as const
  })
  return {
    id: readInteger(answer.id, 'id'),
    file: { status: readInteger(answer.status, 'status'), headers: new Map(headers), body },
  }
}

function pipeOf(child: ChildProcess, index: number): Duplex {
  const pipe = child.stdio[index]
  if (!(pipe instanceof Duplex)) throw new Error('a pipe is missing')
  return pipe
}
