import { existsSync, renameSync } from 'node:fs'
import type { Command } from 'commander'
import { examples, jsonFlag } from '../command.ts'
import { createKeyFile, type PublicFace, readKeyFile } from '../input/key-file.ts'
import { UsageError } from '../failure.ts'
import { formatPairs } from '../terminal/table.ts'
import { print, printJson, remark } from '../terminal/terminal.ts'

/** Ed25519 keys for AGGREGATOR_PRIVATE_KEY: made, shown, replaced. */

export function define(command: Command): void {
  examples(
    command,
    'perf-agg keys new signing.pem',
    'AGGREGATOR_PRIVATE_KEY=signing.pem perf-agg serve --tee sev-snp',
    'perf-agg keys show signing.pem --json',
  )
  examples(command.command('new'), 'perf-agg keys new signing.pem')
    .description('make a key and its file (mode 0600); never overwrites')
    .argument('<file>')
    .addOption(jsonFlag())
    .action(async (path: string, { json }: { json?: true }) => {
      show(await createKeyFile(path), json)
      remark(`written to ${path}, readable by you alone; keep a copy: without it a new key must be announced`)
    })
  examples(command.command('show'), 'perf-agg keys show signing.pem')
    .description('the public half of a key file')
    .argument('<file>')
    .addOption(jsonFlag())
    .action(async (path: string, { json }: { json?: true }) => show(await readKeyFile(path), json))
  examples(command.command('rotate'), 'perf-agg keys rotate signing.pem')
    .description('a new key in the file; the old one is kept beside it as FILE.KEY_ID')
    .argument('<file>')
    .addOption(jsonFlag())
    .action(async (path: string, { json }: { json?: true }) => {
      const old = await readKeyFile(path)
      const aside = `${path}.${old.key_id.slice(0, 12)}`
      if (existsSync(aside)) throw new UsageError('FILE_EXISTS', `${aside} is there already`)
      renameSync(path, aside)
      try {
        const fresh = await createKeyFile(path)
        show(fresh, json)
      } catch (error) {
        renameSync(aside, path)
        throw error
      }
      remark(
        `the old key ${old.key_id} is in ${aside}; restart serve, then give your backend the new public key`,
      )
    })
}

function show(face: PublicFace, json: true | undefined): void {
  if (json) return printJson(face)
  print(
    formatPairs([
      ['key id', face.key_id],
      ['public key', face.base64],
      ['as JWK', jwk(face)],
    ]),
  )
}

function jwk({ kty, crv, x }: PublicFace): string {
  return JSON.stringify({ kty, crv, x })
}
