import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** What a user's `npm install` brings in. */

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly hasInstallScript?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const registry = 'https://registry.npmjs.org/'
const root = fileURLToPath(new URL('../../', import.meta.url))
const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>
}
const locked = Object.entries(lock.packages)
const ours = locked.filter(([path]) => !path.includes('node_modules/'))
const foreign = locked.filter(([path, { link }]) => path.includes('node_modules/') && link !== true)

t.test('nothing a user installs runs a script', async (t) => {
  const shipped = installed(['', 'sdk'])
  t.ok(shipped.size > 50, `production tree found (${shipped.size})`)
  t.notOk(shipped.has('node_modules/ccxt'), 'ccxt is bundled, not installed')
  const running = [...shipped].filter((path) => lock.packages[path]?.hasInstallScript === true)
  t.strictSame(running, [])
})

t.test('every version is exact, in our manifests too', async (t) => {
  const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/
  t.strictSame(
    foreign.filter(([, { version = '' }]) => !exact.test(version)).map(([path]) => path),
    [],
  )
  const loose = ours.flatMap(([path, { dependencies, devDependencies, optionalDependencies }]) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
      .filter(([, version]) => !exact.test(version))
      .map(([name, version]) => `${path}: ${name}@${version}`),
  )
  t.strictSame(loose, [])
})

t.test('everything comes from the registry, with its digest', async (t) => {
  // Without an address in the lock file a package comes from the registry in force.
  const elsewhere = foreign.filter(
    ([, { resolved = registry, integrity = '' }]) =>
      !resolved.startsWith(registry) || !integrity.startsWith('sha512-'),
  )
  t.strictSame(
    elsewhere.map(([path, { resolved }]) => `${path}: ${resolved}`),
    [],
  )
})

t.test('known bad releases are absent', async (t) => {
  const bad = new Set(['keyv@6.0.0', 'cacheable-request@13.0.20'])
  const names = foreign.map(([path, { version }]) => `${path.replace(/.*node_modules\//, '')}@${version}`)
  t.strictSame(
    names.filter((name) => bad.has(name)),
    [],
  )
})

/** The paths that a production install of these workspaces holds: resolution as Node does it, through the lock. */
function installed(workspaces: readonly string[]): Set<string> {
  const seen = new Set<string>()
  const visit = (path: string) => {
    const entry = lock.packages[path]
    for (const name of Object.keys({ ...entry?.dependencies, ...entry?.optionalDependencies })) {
      const found = resolve(path, name)
      if (found === null || seen.has(found)) continue
      seen.add(found)
      visit(found)
    }
  }
  for (const workspace of workspaces) visit(workspace)
  return seen
}

function resolve(from: string, name: string): string | null {
  for (let folder = from; ; folder = folder.replace(/(^|\/)(node_modules\/(@[^/]+\/)?[^/]+|[^/]+)$/, '')) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (lock.packages[path] !== undefined) return lock.packages[path].link === true ? null : path
    if (folder === '') return null
  }
}
