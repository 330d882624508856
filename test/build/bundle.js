/**
 * The second half of `npm run build`: what the children run is bundled, each into a folder of its own, so that
 * such a process needs to read nothing but its own folder and nothing of ccxt's hundred other exchanges is shipped;
 * and what runs in the page of a record.
 */
import { access, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, transform } from 'esbuild'

/** The exchanges whose ccxt class is bundled. */
const exchanges = [
  'binance',
  'bitget',
  'bybit',
  'coinbase',
  'gate',
  'hyperliquid',
  'kraken',
  'krakenfutures',
  'kucoin',
  'okx',
  'poloniex',
  'woo',
]

/** Those of whose streams are listened to: ccxt's classes for these stand apart. */
const streamed = ['binance', 'bybit', 'okx']

const root = fileURLToPath(new URL('../..', import.meta.url))
const ccxtFolder = fileURLToPath(new URL('..', import.meta.resolve('ccxt')))

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  conditions: ['@perf-agg/source'],
  legalComments: 'eof',
  logLevel: 'warning',
  metafile: true,
  // sealing is not for the children
  external: ['libsodium-wrappers'],
}

/**
 * `ccxt:binance` is that exchange's file in ccxt's release, which its package does not export by name; `ccxt:pro/binance`
 * the one for its streams, `ccxt:client` the connection that those have.
 */
const ccxt = {
  name: 'ccxt',
  setup(bundler) {
    bundler.onResolve({ filter: /^ccxt:/ }, ({ path }) => {
      const exchange = path.slice('ccxt:'.length)
      if (exchange === 'client') return { path: join(ccxtFolder, 'js', 'src', 'base', 'ws', 'Client.js') }
      const isStream = exchange.startsWith('pro/') && streamed.includes(exchange.slice('pro/'.length))
      if (!isStream && !exchanges.includes(exchange)) {
        return { errors: [{ text: `${exchange} is not on the list` }] }
      }
      return { path: join(ccxtFolder, 'js', 'src', `${exchange}.js`), sideEffects: false }
    })
    // loaded by exchanges that are not on the list, when they are used
    bundler.onResolve({ filter: /\/(?:dydx-v4-client\/|mexc\/compiled)/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : null,
    )
  },
}

async function bundleEgress() {
  await build({ ...shared, entryPoints: { main: 'src/egress/child.ts' }, outdir: 'dist/egress' })
}

/** Both run ccxt: the one that asks, and the one that listens. */
async function bundleCcxt(role, entryPoint) {
  const { version } = JSON.parse(await readFile(join(ccxtFolder, 'package.json'), 'utf8'))
  const outdir = `dist/${role}`
  const { metafile } = await build({
    ...shared,
    entryPoints: { main: entryPoint },
    outdir,
    splitting: true,
    chunkNames: 'ccxt/[name]-[hash]',
    minifyWhitespace: true,
    keepNames: true,
    // Never called: egress fetches. Bundled they break, and some are not installed.
    external: [
      ...shared.external,
      'undici',
      'protobufjs',
      'protobufjs/*',
      'http-proxy-agent',
      'https-proxy-agent',
      'socks-proxy-agent',
    ],
    define: { ccxtRelease: JSON.stringify(version) },
    banner: {
      js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);",
    },
    plugins: [ccxt],
  })
  const folder = join(root, outdir, 'ccxt')
  await copyFile(join(ccxtFolder, 'LICENSE.txt'), join(folder, 'LICENSE.txt'))
  await writeFile(join(folder, 'VERSION.txt'), `ccxt ${version}\n`)
  // Parts of earlier builds, which nothing imports any more.
  const kept = new Set(Object.keys(metafile.outputs).map((path) => join(root, path)))
  for (const name of await readdir(folder)) {
    if (name.endsWith('.js') && !kept.has(join(folder, name))) await rm(join(folder, name), { force: true })
  }
}

/** What runs in the page of a record: one script and one style sheet, each carried whole by every page. */
async function bundlePage() {
  const uplot = join(root, 'node_modules', 'uplot')
  const licence = (await readFile(join(uplot, 'LICENSE'), 'utf8')).trim().replaceAll('*/', '* /')
  await build({
    ...shared,
    entryPoints: { page: 'src/page/browser/main.ts' },
    outdir: 'dist/page/browser',
    platform: 'browser',
    format: 'iife',
    target: 'es2024',
    minify: true,
    legalComments: 'none',
    // goes wherever the code goes
    banner: { js: `/* uPlot\n${licence}\n*/` },
  })
  const style = await Promise.all(
    [join(uplot, 'dist', 'uPlot.min.css'), join(root, 'src', 'page', 'browser', 'page.css')].map((path) =>
      readFile(path, 'utf8'),
    ),
  )
  const { code } = await transform(style.join('\n'), { loader: 'css', minify: true, target: 'es2024' })
  await writeFile(join(root, 'dist', 'page', 'browser', 'page.css'), code)
}

/** The man pages have a builder of their own beside them. */
async function buildManPages() {
  const script = join(root, 'man', 'build.js')
  try {
    await access(script)
  } catch {
    return
  }
  await import(pathToFileURL(script).href)
}

await Promise.all([
  bundleEgress(),
  bundleCcxt('collector', 'src/collector/child.ts'),
  bundleCcxt('listener', 'src/collector/listener/child.ts'),
  bundlePage(),
  buildManPages(),
])
