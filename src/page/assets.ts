import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { PageAssets } from './shell.ts'

/** Always what was built, from source as well: what is tested is what is shipped. */
const built = import.meta.url.endsWith('.ts') ? '../../dist/page/' : './'

let read: PageAssets | null = null

/** Read once, from beside this file. */
export function pageAssets(): PageAssets {
  read ??= readAssets()
  return read
}

function readAssets(): PageAssets {
  const [script, style] = ['page.js', 'page.css'].map((name) =>
    readFileSync(fileURLToPath(new URL(`${built}browser/${name}`, import.meta.url)), 'utf8'),
  )
  if (script === undefined || style === undefined) throw new Error('the page was not built')
  return { script, style, scriptDigest: digestOf(script), styleDigest: digestOf(style) }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
