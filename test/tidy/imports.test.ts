import { fileURLToPath } from 'node:url'
import t from 'tap'
import { importsOf, listFiles, violations } from './imports.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = [...listFiles(root, 'sdk'), ...listFiles(root, 'src')]

const plant = (path: string, text: string) => violations([{ path, text }])

t.test('imports run downhill', async (t) => {
  t.ok(files.length > 50, 'the files are found')
  t.ok(files.flatMap(importsOf).length > 100, 'their imports are found')
  t.strictSame(violations(files), [])
})

t.test('a planted violation is seen', async (t) => {
  t.match(plant('src/accounting/fill.ts', "import { open } from '../store/open.ts'"), [/uphill/])
  t.match(plant('src/store/open.ts', "import type { A } from '../session/id.ts'"), [/rooms of the middle/])
  t.match(plant('src/egress/main.ts', "export * from '../collector/answer.ts'"), [/rooms of the middle/])
  t.match(plant('src/daemon/x.ts', "const cli = await import('../cli/main.ts')"), [/uphill/])
  t.match(plant('src/http/x.ts', "import {\n  a,\n  b,\n} from '../daemon/config.ts'"), [/side by side/])
  t.match(plant('sdk/x.ts', "import { readFileSync } from 'node:fs'"), [/browsers/])
  t.match(plant('sdk/x.ts', "import '../src/limits.ts'"), [/uphill/])
  t.match(plant('src/simulator/x.ts', "import { Hour } from '../accounting/hour.ts'"), [/shares nothing/])
  t.match(plant('src/daemon/x.ts', "import { startSimulator } from '../simulator/simulator.ts'"), [
    /only the command line/,
  ])
  t.match(plant('src/drawer/x.ts', "import { limits } from '../limits.ts'"), [/no place/])
  t.match(plant('src/store/x.ts', "import { a } from '../../sdk/bytes.ts'"), [/by its name/])
})

t.test('what is allowed is left alone', async (t) => {
  const fine = (path: string, text: string) => t.strictSame(violations([{ path, text }]), [], text)
  fine('src/daemon/x.ts', "import { serve } from '../http/server.ts'")
  fine('src/store/x.ts', "import { limits } from '../limits.ts'\nimport { sha256 } from '@perf-agg/sdk'")
  fine('src/store/x.ts', "// import { a } from '../session/id.ts'\n/* import '../http/server.ts' */")
  fine('src/cli/x.ts', "import { startSimulator } from '../simulator/simulator.ts'")
})
