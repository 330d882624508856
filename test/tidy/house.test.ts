import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { listFiles } from './imports.ts'

/** The house rules that a reader of a diff forgets. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const code = [...listFiles(root, 'sdk'), ...listFiles(root, 'src')]
const tests = listFiles(root, 'test')

t.test('files fit in the head', async (t) => {
  const lengths = code.map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
  t.strictSame(
    lengths.filter(({ lines }) => lines > 420).map(({ path, lines }) => `${path}: ${lines} lines`),
    [],
  )
  const longest = (share: number) =>
    lengths.map(({ lines }) => lines).toSorted((a, b) => a - b)[Math.floor(lengths.length * share)]!
  t.ok(longest(0.9) < 300, `nine of ten under 300 lines (${longest(0.9)})`)
  t.ok(longest(0.5) < 150, `half of them under 150 (${longest(0.5)})`)
})

t.test('lines fit on a screen', async (t) => {
  const wide = [...code, ...tests].flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (line.length > 160 && !isData(line) ? [`${path}:${index + 1}`] : [])),
  )
  t.strictSame(wide, [])
})

t.test('no bag named utils, helpers, common or types', async (t) => {
  const bag = /(^|\/)(utils?|helpers?|common|types?|misc|shared|lib)(\.ts|\/|$)/
  t.strictSame(
    [...code, ...tests].map(({ path }) => path).filter((path) => bag.test(path)),
    [],
  )
  t.match('src/utils/x.ts', bag)
  t.match('src/store/helpers.ts', bag)
})

t.test('every file of the code says why it exists', async (t) => {
  const silent = code
    .filter(({ path, text }) => !/\/\*\*/.test(text) && !path.endsWith('/index.ts'))
    .map(({ path }) => path)
  t.strictSame(silent, [])
})

t.test('only erasable TypeScript, imports with their extension', async (t) => {
  const enums = code.filter(({ text }) =>
    /^\s*(export\s+)?(const\s+)?enum\s|^\s*(export\s+)?namespace\s/m.test(text),
  )
  t.strictSame(
    enums.map(({ path }) => path),
    [],
  )
  const bare = code.filter(({ text }) => /from '\.{1,2}\/[^']*(?<!\.(ts|js|json))'/.test(text))
  t.strictSame(
    bare.map(({ path }) => path),
    [],
  )
})

t.test('every limit says why', async (t) => {
  const text = readFileSync(`${root}src/limits.ts`, 'utf8')
  const lines = text.split('\n')
  const undocumented = lines.flatMap((line, index) => {
    const entry = /^\s+(\w+): (?:[\d_]|\[)/.exec(line)
    if (entry === null) return []
    // A reason may stand over a group of limits that follow each other without an empty line.
    for (let above = index - 1; above >= 0; above -= 1) {
      const before = lines[above]!.trim()
      if (before.endsWith('*/') || before.startsWith('//')) return []
      if (!/^\w+: [\d_[]/.test(before)) break
    }
    return line.includes('//') ? [] : [entry[1]!]
  })
  t.ok(
    lines.some((line) => /^\s+\w+: [\d_]/.test(line)),
    'limits are found',
  )
  t.strictSame(undocumented, [])
})

t.test('the pure rooms read no clock', async (t) => {
  const pure = code.filter(({ path }) => /^src\/(accounting|statement)\//.test(path))
  const reading = pure.filter(({ text }) =>
    /\bDate\.now\(|new Date\(\)|performance\.now\(|Math\.random\(/.test(stripped(text)),
  )
  t.strictSame(
    reading.map(({ path }) => path),
    [],
  )
})

t.test('standard output is for results: only the command line and child processes write to it', async (t) => {
  const writing = code.filter(
    ({ path, text }) =>
      !path.startsWith('src/cli/') && /console\.log\(|process\.stdout\.write\(/.test(stripped(text)),
  )
  t.strictSame(
    writing.map(({ path }) => path),
    [],
  )
})

t.test('the project speaks of itself only', async (t) => {
  // Put together here, so that this file does not hold them.
  const words = [
    ['/wo', 'rk/'],
    ['/sha', 'red/des'],
    ['cla', 'ude'],
    ['anthro', 'pic'],
    ['sub', 'agent'],
    ['co', 'pilot'],
    ['chat', 'gpt'],
  ]
  const pattern = new RegExp(words.map((parts) => parts.join('')).join('|'), 'i')
  const everything = [
    ...code,
    ...tests,
    ...listFiles(root, 'man', /\.md$/),
    ...listFiles(root, 'bin', /./),
    ...['README.md', 'CHANGELOG.md', 'Dockerfile', '.ci/run', 'package.json']
      .filter((path) => existsSync(`${root}${path}`))
      .map((path) => ({
        path,
        text: readFileSync(`${root}${path}`, 'utf8'),
      })),
  ]
  t.strictSame(
    everything.filter(({ text }) => pattern.test(text)).map(({ path }) => path),
    [],
  )
})

t.test('what stands in the root is known', async (t) => {
  const dotted = [
    'ci',
    'git',
    'gitattributes',
    'gitignore',
    'dockerignore',
    'npmrc',
    'oxfmtrc.json',
    'oxlintrc.json',
    'tap',
    'taprc',
  ]
  const documents = ['CHANGELOG.md', 'Dockerfile', 'LICENSE', 'README.md', 'SECURITY.md']
  const settings = [
    'package.json',
    'package-lock.json',
    'pnpm-workspace.yaml',
    'pnpm-lock.yaml',
    'tsconfig.json',
    'tsconfig.base.json',
  ]
  const folders = ['bin', 'man', 'sdk', 'src', 'test', 'dist', 'node_modules', 'perf-agg-demo']
  const known = new Set([...dotted.map((name) => `.${name}`), ...documents, ...settings, ...folders])
  t.strictSame(
    readdirSync(root).filter((name) => !known.has(name) && !name.endsWith('.tgz')),
    [],
  )
})

function stripped(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')
}

/** A line that is one string, or a table of them, is data. */
function isData(line: string): boolean {
  return /^\s*(?:\w+: )?[[{('"`]/.test(line) || /\/.{60,}\//.test(line)
}
