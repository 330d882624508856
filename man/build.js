/** Makes roff of every page: `perf-agg.1.md` becomes `perf-agg.1`. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import markedMan from 'marked-man'
import { marked } from 'marked'

const folder = fileURLToPath(new URL('.', import.meta.url))
const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))

// Two builds of the same source are the same: the date of a page is not that of its build.
process.env.TZ = 'UTC'
const date = Number(process.env.SOURCE_DATE_EPOCH ?? Date.UTC(2026, 10, 23) / 1000) * 1000

marked.use(markedMan)
for (const name of await readdir(folder)) {
  if (!/\.[1-8]\.md$/.test(name)) continue
  const page = await readFile(`${folder}${name}`, 'utf8')
  const roff = marked.parse(page, { ...marked.defaults, breaks: false, manual: 'perf-agg', manVersion: version, date })
  await writeFile(`${folder}${name.replace(/\.md$/, '')}`, roff)
}
