import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { reasons } from './documented-files.ts'

/** Every documented answer is served to an adapter by a test, or has a reason why none can meet it. */

const folder = fileURLToPath(new URL('../../../shared/reference/exchanges/', import.meta.url))
/** Of the names in the folder that the reasons were written for; of another one it is told what is unknown. */
const namesDigest = '8b943d40a6652428292a34c21c9bfe461cdc2963df58326d5cf1d1c222cf040e'
const skip = existsSync(folder) ? false : 'the reference folder is not here'

t.test('each documented answer is served, or has a reason not to be', { skip }, async (t) => {
  const files = globSync('*/**/*.{txt,json}', { cwd: folder })
    .filter((file) => basename(file) !== 'LICENSE.txt')
    .map((file) => file.replace(/\.(?:txt|json)$/, ''))
    .toSorted()
  const tests = globSync('**/*.test.ts', { cwd: new URL('..', import.meta.url) })
    .filter((file) => !file.endsWith('documented-files.test.ts') && !file.includes('node_modules'))
    .map((file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))
  const isOurs = createHash('sha256').update(files.join('\n')).digest('hex') === namesDigest
  const served = files.filter((file) => tests.some((text) => names(text, file)))
  const count = new Map<string, number>()
  for (const file of files) {
    if (served.includes(file)) continue
    const reason = reasons.find(({ files: patterns }) => patterns.some((pattern) => pattern.test(file)))
    if (isOurs) t.ok(reason !== undefined, file)
    else if (reason === undefined) t.comment(`not known here, served by no test: ${file}`)
    if (reason !== undefined) count.set(reason.because, (count.get(reason.because) ?? 0) + 1)
  }
  t.comment(`${served.length} of ${files.length} are served; of the others`)
  for (const [because, files] of count) t.comment(`${files}: ${because}`)
  if (!isOurs) return
  for (const { because, files: patterns } of reasons) {
    for (const pattern of patterns) {
      t.ok(
        files.some((file) => pattern.test(file)),
        `${because}: ${pattern} names a file`,
      )
    }
  }
})

/** By its path below the exchange's folder; where a test names a folder and then many in it, by both parts. */
function names(text: string, file: string): boolean {
  const parts = file.split('/')
  const [group, ...rest] = parts
  const isNamed = (path: string): boolean => new RegExp(`['"\`/]${path}\\b`).test(text)
  if (group === 'nautilus') return text.includes(rest[0]!) && isNamed(rest.at(-1)!)
  if (text.includes(group!) && isNamed(rest.join('/'))) return true
  // binance's spot answers are asked for by what follows
  if (text.includes('documented(') && file.startsWith('binance/Spot/'))
    return isNamed(parts.slice(2).join('/'))
  return parts.some(
    (_, at) =>
      at > 0 && text.includes(`${parts.slice(0, at).join('/')}/\${`) && isNamed(parts.slice(at).join('/')),
  )
}
