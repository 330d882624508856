/** Where in a JSON text a member stands: errors name the line a person must look at. Only used once one is wrong. */

interface Level {
  /** Of an object the member's name, of an array the index. */
  at: string | number
  isArray: boolean
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Calls back for every value in the order of the text, until told to stop. Takes text that breaks off or is wrong. */
function walk(text: string, visit: (path: string, offset: number) => boolean): void {
  const levels: Level[] = []
  let expectsKey = false
  for (const { 0: word, index } of text.matchAll(token)) {
    const top = levels.at(-1)
    if (word === ',') {
      if (top?.isArray === true) top.at = Number(top.at) + 1
      expectsKey = top?.isArray === false
    } else if (word === ':') {
      expectsKey = false
    } else if (word === '}' || word === ']') {
      levels.pop()
      expectsKey = false
    } else if (expectsKey) {
      if (top !== undefined) top.at = word.slice(1, -1)
    } else {
      if (visit(pathOf(levels), index)) return
      if (word !== '{' && word !== '[') continue
      levels.push({ at: word === '[' ? 0 : '', isArray: word === '[' })
      expectsKey = word === '{'
    }
  }
}

function pathOf(levels: readonly Level[]): string {
  return levels
    .map(({ at, isArray }, depth) => (isArray ? `[${at}]` : depth === 0 ? String(at) : `.${at}`))
    .join('')
}

function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** The line of the value at `path` (`input.fills[3].price`); where it is missing, of the nearest around it. */
export function lineOfPath(text: string, path: string): number {
  let found = 0
  let length = -1
  walk(text, (here, offset) => {
    const isAround = path.startsWith(here) && /^$|^[.[]/.test(path.slice(here.length))
    if (isAround && here.length > length) {
      found = offset
      length = here.length
    }
    return here === path
  })
  return lineAt(text, found)
}

/** What stands at an offset: its path, empty outside of all, and its line. */
export function placeOfOffset(text: string, at: number): { readonly path: string; readonly line: number } {
  let path = ''
  walk(text, (here, offset) => {
    if (offset > at) return true
    path = here
    return false
  })
  return { path, line: lineAt(text, at) }
}
