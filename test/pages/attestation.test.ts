import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { contraindicate, parsePolicy, verdictOf } from '@perf-agg/sdk'
import { blocksOf, readPage } from './page.ts'

/** The page tells every step that can refuse evidence, and on which side of broken and untrusted it stands. */

const page = readPage('perf-agg-attestation.7.md')
const [, broken = '', untrusted = ''] =
  /\nBroken, exit code 1:([^]*?)\nSound, not trusted, exit code 3:([^]*?)\n## /.exec(page) ?? []
const codesIn = (text: string): Set<string> => new Set(text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g))

/** What verifiers and the appraisal can say, read from their sources. */
function codesThrown(): Set<string> {
  const folder = fileURLToPath(new URL('../../sdk/', import.meta.url))
  const files = [...readdirSync(`${folder}evidence`).map((name) => `evidence/${name}`), 'appraise.ts']
  const codes = new Set<string>()
  for (const file of files) {
    const text = readFileSync(`${folder}${file}`, 'utf8')
    for (const [, code] of text.matchAll(
      /(?:refuse|contraindicate|warn)\(\s*(?:'[^'\n]*',\s*|name,\s*)?'([A-Z]+(?:_[A-Z]+)+)'/g,
    )) {
      codes.add(code!)
    }
    for (const [, code] of text.matchAll(/const code = '([A-Z_]+)'/g)) codes.add(code!)
  }
  return codes
}

t.test('each code of a refusal is there, on its side', async (t) => {
  const thrown = codesThrown()
  t.ok(thrown.size > 40, `${thrown.size} codes`)
  const [brokenCodes, untrustedCodes] = [codesIn(broken), codesIn(untrusted)]
  for (const code of thrown) {
    const side = verdictOf([contraindicate('a', code, 'b')])
    t.ok((side === 'broken' ? brokenCodes : untrustedCodes).has(code), `${code} is ${side}`)
    t.notOk((side === 'broken' ? untrustedCodes : brokenCodes).has(code))
  }
  for (const code of untrustedCodes) t.equal(verdictOf([contraindicate('a', code, 'b')]), 'untrusted', code)
  for (const code of brokenCodes) t.equal(verdictOf([contraindicate('a', code, 'b')]), 'broken', code)
})

t.test('the policy it shows is one', async (t) => {
  const shown = blocksOf(page).filter(({ kind }) => kind === 'json')
  t.ok(shown.length > 0)
  for (const { text } of shown) t.doesNotThrow(() => parsePolicy(JSON.parse(text)))
})
