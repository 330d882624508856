import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { UnreachableError } from '@perf-agg/sdk'
import { type Frame, type FrameBounds, FrameReader } from '../frame.ts'
import { limits } from '../limits.ts'

/** How the daemon starts its children: with the least that each can do its work with. */
export type Role = 'collector' | 'egress' | 'listener'

/** Always the bundles, from source as well: what is tested is what is shipped. */
const built = import.meta.url.endsWith('.ts') ? '../../dist/' : '../'

export function bundleOf(role: Role): string {
  return fileURLToPath(new URL(`${built}${role}/main.js`, import.meta.url))
}

const heapMegabytesMax: Readonly<Record<Role, number>> = {
  collector: limits.collector.heapMegabytesMax,
  egress: limits.egress.heapMegabytesMax,
  listener: limits.listener.heapMegabytesMax,
}

/** Node's own arguments. `--permission` alone leaves node:sqlite, which opens any file, and the network to who has it. */
export function argumentsOf(role: Role): readonly string[] {
  return [
    '--permission',
    `--allow-fs-read=${dirname(bundleOf(role))}/`,
    ...(role === 'egress' ? ['--allow-net'] : []),
    '--no-addons',
    '--no-experimental-sqlite',
    '--no-experimental-websocket',
    '--no-webstorage',
    '--disable-proto=delete',
    '--disable-sigusr1',
    '--disallow-code-generation-from-strings',
    `--max-http-header-size=${limits.egress.headerBytesMax}`,
    `--max-old-space-size=${heapMegabytesMax[role]}`,
  ]
}

/** Nothing of ours: no NODE_OPTIONS, no proxy, no further roots, no secret that somebody put there. */
export const childEnvironment: Readonly<Record<string, string>> = { TZ: 'UTC', LANG: 'C.UTF-8' }

/**
 * A crash must not write memory to disk, and nothing that wraps our own process may slip options into a child's:
 * a shell can see to both, where there is one.
 */
const shell = '/bin/sh'
const prelude = 'ulimit -c 0; unset NODE_OPTIONS; exec "$0" "$@"'

/** The program and its arguments: `rest` runs with the role's permissions. */
export function commandOf(
  role: Role,
  rest: readonly string[],
): readonly [file: string, arguments_: string[]] {
  const arguments_ = [...argumentsOf(role), ...rest]
  if (!existsSync(shell)) return [process.execPath, arguments_]
  return [shell, ['-c', prelude, process.execPath, ...arguments_]]
}

export function spawnChild(
  role: Role,
  stdio: readonly (Duplex | 'ignore' | 'pipe')[],
  user: { readonly uid: number; readonly gid: number } | null,
): ChildProcess {
  const bundle = bundleOf(role)
  if (!existsSync(bundle)) {
    throw new UnreachableError('COLLECTOR_MISSING', `the ${role}'s program is not there`, {
      hint: 'run npm run build',
    })
  }
  const [file, arguments_] = commandOf(role, [bundle])
  return spawn(file, arguments_, {
    env: { ...childEnvironment },
    cwd: dirname(bundle),
    stdio: [...stdio],
    windowsHide: true,
    ...user,
  })
}

/** Hands over the frames of a pipe, in order; `onEnd` once, when it is closed or sends what is no frame. */
export function readFrames(
  pipe: Duplex,
  bounds: FrameBounds,
  onFrame: (frame: Frame) => void,
  onEnd: () => void,
): void {
  const reader = new FrameReader(bounds)
  let ended = false
  const end = (): void => {
    if (ended) return
    ended = true
    onEnd()
  }
  pipe.on('data', (piece: Buffer) => {
    if (ended) return
    try {
      for (const frame of reader.push(piece)) onFrame(frame)
    } catch {
      end()
    }
  })
  pipe.on('end', end)
  pipe.on('close', end)
  pipe.on('error', end)
}

/** What a child's last words mean. They may hold anything, so only this word is kept of them. */
export class LastWords {
  #text = ''

  constructor(child: ChildProcess) {
    child.stderr?.setEncoding('utf8')
    child.stderr?.on('data', (text: string) => {
      this.#text = (this.#text + text).slice(-limits.collector.stderrBytesMax)
    })
    child.stderr?.on('error', () => {})
  }

  get meaning(): string {
    if (this.#text === '') return 'none'
    for (const [pattern, meaning] of meanings) if (pattern.test(this.#text)) return meaning
    return 'other'
  }
}

const meanings: readonly (readonly [RegExp, string])[] = [
  [/heap out of memory|Allocation failed/i, 'out-of-memory'],
  [/ERR_ACCESS_DENIED/, 'permission-denied'],
  [/ERR_MODULE_NOT_FOUND|Cannot find module/, 'module-not-found'],
  [/bad option/, 'node-too-old'],
]
