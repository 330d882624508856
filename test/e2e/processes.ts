import { readdirSync, readFileSync } from 'node:fs'

/** Processes as the kernel tells of them. They come and go while one looks: one that is gone is none, and says nothing. */

/** What lies under that name in a process's folder; empty where it is gone. */
export function processFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    return ''
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(processFile(pid, 'status'))?.[1] ?? 0)
}

/** Those that a process has started, by itself. */
export function childrenOf(pid: number): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return all.map(Number).filter((each) => parentOf(each) === pid)
}

/** A process and all that it started. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap((child) => familyOf(child))]
}

/** Those of them that run such a program of ours. */
export function runningOf(pids: readonly number[], role: string): number[] {
  return pids.filter((pid) => processFile(pid, 'cmdline').includes(`/dist/${role}/`))
}
