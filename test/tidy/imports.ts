import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'

/** Reads which file imports which: enough of a scanner for this code base, where every import stands on its own. */

export interface SourceFile {
  /** From the project root, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface Import {
  readonly from: string
  /** A path from the project root for relative ones, else the specifier as written. */
  readonly to: string
  /** Only types: gone at run time, but a dependency of rooms all the same. */
  readonly typeOnly: boolean
}

export function listFiles(root: string, folder: string, pattern = /\.ts$/): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/[/\\](node_modules|dist|\.tap)[/\\]/.test(path))
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

export function importsOf({ path, text }: SourceFile): Import[] {
  const code = withoutComments(text)
  const statements = /\b(?:import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s+)?(['"])([^'"\n]+)\2/g
  const calls = /\bimport\s*\(\s*(['"])([^'"\n]+)\1|\bimport\.meta\.resolve\(\s*(['"])([^'"\n]+)\3/g
  const found: Import[] = []
  for (const match of code.matchAll(statements)) {
    found.push({ from: path, to: target(path, match[3]!), typeOnly: match[1] !== undefined })
  }
  for (const match of code.matchAll(calls)) {
    found.push({ from: path, to: target(path, (match[2] ?? match[4])!), typeOnly: false })
  }
  return found
}

function target(from: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.normalize(posix.join(dirname(from), specifier)) : specifier
}

/** Comments speak of imports too. Strings are kept: specifiers are strings. */
function withoutComments(text: string): string {
  return text.replaceAll(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, kept) => (kept === undefined ? ' ' : kept),
  )
}

/** Rooms by how high they stand: a file may import its own room and lower ones. */
const heights: Readonly<Record<string, number>> = {
  sdk: 0,
  'src/limits.ts': 1,
  'src/frame.ts': 1.5,
  'src/accounting': 2,
  'src/page': 2.5,
  'src/collector': 3,
  'src/egress': 3,
  'src/enclave': 3,
  'src/session': 3,
  'src/statement': 3,
  'src/log': 3,
  'src/store': 3,
  'src/delivery': 3,
  'src/simulator': 3,
  'src/daemon': 4,
  'src/http': 4,
  'src/cli': 5,
  bin: 6,
}

function roomOf(path: string): string {
  if (path === '@perf-agg/sdk' || path.startsWith('@perf-agg/sdk/') || path.startsWith('sdk/')) return 'sdk'
  if (path.startsWith('bin/')) return 'bin'
  return path.split('/').slice(0, 2).join('/')
}

/** What runs uphill, or from one room of the middle into another: `src/a/x.ts imports src/b/y.ts: why not`. */
export function violations(files: readonly SourceFile[]): string[] {
  const found: string[] = []
  for (const { from, to } of files.flatMap(importsOf)) {
    const outside =
      !to.startsWith('src/') &&
      !to.startsWith('sdk/') &&
      !to.startsWith('@perf-agg/') &&
      !to.startsWith('bin/')
    const room = roomOf(from)
    if (outside) {
      if (room === 'sdk' && to.startsWith('node:'))
        found.push(`${from} imports ${to}: the sdk runs in browsers`)
      if (from.startsWith('src/page/browser/') && to !== 'uplot')
        found.push(`${from} imports ${to}: it runs in browsers`)
      continue
    }
    const why = refusal(room, roomOf(to))
    if (why !== null) found.push(`${from} imports ${to}: ${why}`)
    if (room === 'sdk' && to.startsWith('@perf-agg/sdk'))
      found.push(`${from} imports ${to}: inside the sdk by path`)
    if (room !== 'sdk' && to.startsWith('sdk/'))
      found.push(`${from} imports ${to}: the sdk is a package, by its name`)
  }
  return found
}

function refusal(room: string, other: string): string | null {
  const [height, otherHeight] = [heights[room], heights[other]]
  if (height === undefined) return `${room} has no place in the order of rooms`
  if (otherHeight === undefined) return `${other} has no place in the order of rooms`
  if (room === other) return null
  if (otherHeight > height) return 'uphill'
  if (otherHeight === height && height === 3) return 'rooms of the middle meet in the daemon only'
  if (otherHeight === height && !(room === 'src/daemon' && other === 'src/http')) return 'side by side'
  if (other === 'src/page' && height < 4) return 'a page is put out by the http, daemon and cli rooms only'
  // The simulator must share nothing with what it is there to test.
  if (room === 'src/simulator' && other === 'src/accounting')
    return 'the simulator shares nothing with the accounting'
  if (other === 'src/simulator' && room !== 'src/cli') return 'only the command line may start a simulator'
  return null
}
