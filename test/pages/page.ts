import { readdirSync, readFileSync } from 'node:fs'

/** Pages of the manual as their sources stand in `man/`. */

const folder = new URL('../../man/', import.meta.url)

export interface Block {
  /** Info string: `json`, `http`, … */
  readonly kind: string
  readonly text: string
  readonly line: number
}

export function pageNames(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.md'))
}

export function readPage(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let open: { kind: string; lines: string[]; line: number } | null = null
  for (const [index, line] of page.split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === null) open = { kind: fence[1]!, lines: [], line: index + 1 }
    else {
      blocks.push({ kind: open.kind, text: open.lines.join('\n'), line: open.line })
      open = null
    }
  }
  return blocks
}

/** `- \`--flag\`` entries of a page: the flags it tells of. */
export function flagsOf(page: string): string[] {
  return [...page.matchAll(/^- (`--[^:]*):/gm)].flatMap(([, head]) =>
    [...head!.matchAll(/`(--[\w-]+)`/g)].map(([, flag]) => flag!),
  )
}
