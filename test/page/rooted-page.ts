import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { toBase64 } from '@perf-agg/sdk'
import type { Roots } from '../../sdk/evidence/roots.ts'
import { pageAssets } from '../../src/page/assets.ts'
import type { PageAssets } from '../../src/page/shell.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * The page with other roots than those of the makers of the hardware: what it takes to see a record verified whose
 * evidence is of a faked machine. The shipped page has no way to be told.
 */
export async function bundleWithRoots({ amd, intel, aws }: Roots): Promise<PageAssets> {
  const told = {
    amd: Object.fromEntries(Object.entries(amd).map(([name, bytes]) => [name, toBase64(bytes)])),
    intel: toBase64(intel),
    aws: toBase64(aws),
  }
  const { outputFiles } = await build({
    stdin: {
      contents: `import { fromBase64 } from '@perf-agg/sdk'
import { openPage } from '../../src/page/browser/app.ts'
const told = ${JSON.stringify(told)}
const amd = Object.fromEntries(Object.entries(told.amd).map(([name, text]) => [name, fromBase64(text)]))
void openPage({ amd, intel: fromBase64(told.intel), aws: fromBase64(told.aws) })`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      loader: 'ts',
    },
    absWorkingDir: root,
    bundle: true,
    write: false,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2024',
    conditions: ['@perf-agg/source'],
    external: ['libsodium-wrappers'],
    logLevel: 'silent',
  })
  const script = outputFiles[0]!.text
  const scriptDigest = createHash('sha256').update(script).digest('base64')
  return { ...pageAssets(), script, scriptDigest }
}
