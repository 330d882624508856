import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import t from 'tap'
import { bundleOf } from '../../src/daemon/child.ts'

/** What a program imports, in whatever way; the word alone in quotes is no import. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?<!["'.\w])(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map(
    (match) => match[1] ?? '',
  )
}

const isBuiltin = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name)

t.test('egress holds nothing of anybody else', async (t) => {
  const text = readFileSync(bundleOf('egress'), 'utf8')
  const outside = importsOf(text).filter((name) => !isBuiltin(name))
  t.strictSame(outside, [])
  t.notMatch(text, /node_modules/, 'not even in a comment: nothing came from there')
})

for (const role of ['collector', 'listener'] as const)
  t.test(`the ${role} loads from its own folder, with ccxt's licence beside it`, async (t) => {
    const folder = dirname(bundleOf(role))
    const outside = importsOf(readFileSync(bundleOf(role), 'utf8')).filter((name) => !isBuiltin(name))
    t.ok(outside.length > 0)
    t.ok(outside.every((name) => name.startsWith('./ccxt/')))
    const parts = readdirSync(join(folder, 'ccxt'))
    t.ok(parts.includes('LICENSE.txt'))
    t.match(readFileSync(join(folder, 'ccxt', 'LICENSE.txt'), 'utf8'), /MIT/)
    t.match(readFileSync(join(folder, 'ccxt', 'VERSION.txt'), 'utf8'), /^ccxt \d+\.\d+\.\d+\n$/)
    t.equal(parts.filter((name) => name.startsWith('binance-')).length, 1, 'one exchange, one file')
  })
