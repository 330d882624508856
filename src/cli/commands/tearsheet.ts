import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import {
  InputError,
  publicRecordOf,
  publicRecordSchema,
  type PublicRecord,
  type TrackRecord,
  verdictOf,
  VerificationError,
  verifyRecord,
} from '@perf-agg/sdk'
import { pageAssets } from '../../page/assets.ts'
import { tearsheetOf } from '../../page/tearsheet.ts'
import { examples, jsonFlag } from '../command.ts'
import { readJsonFile } from '../input/file.ts'
import { readRecord } from '../input/record-file.ts'
import { systemCode } from '../input/key-file.ts'
import { softwareVersion } from '../../daemon/software.ts'
import { formatSteps } from '../terminal/step-list.ts'
import { print, printJson, remark } from '../terminal/terminal.ts'
import { insecureFlag, type TrustFlags, trustOf } from '../input/trust.ts'

/** A record as one page of HTML that carries it, checks it by itself and draws it. */

interface TearsheetFlags extends TrustFlags {
  output: string
  amounts?: true
  json?: true
}

/** A record of ten years of hours. */
const recordBytesMax = 536_870_912

export function define(command: Command): void {
  examples(
    command,
    'perf-agg tearsheet record.json -o record.html --policy policy.json',
    'perf-agg export main -o - | perf-agg tearsheet - -o record.html',
  )
    .argument('<record>', 'as perf-agg export wrote it; - for stdin')
    .requiredOption('-o, --output <file>', 'where the page goes; - is stdout')
    .option('--policy <file>', 'what is to be trusted: carried in the page, which judges by it')
    .option('--amounts', 'carry volumes and fees too; without it the page holds percentages only')
    .addOption(insecureFlag())
    .addOption(jsonFlag())
    .action(makeTearsheet)
}

async function makeTearsheet(path: string, flags: TearsheetFlags): Promise<void> {
  if (flags.output === '-' && flags.json) {
    throw new InputError('OUTPUT_TWICE', 'the page and its summary can not both go to stdout', {
      hint: 'leave out --json, or name a file with -o',
    })
  }
  const { policy, insecureSimulated } = trustOf(flags)
  const whole = readRecord(readJsonFile(path, recordBytesMax))
  // looked at before anything is left out of it: what does not hold is made into no page
  const { steps } = await verifyRecord(whole, { policy, nowMs: Date.now(), insecureSimulated })
  const verdict = verdictOf(steps)
  const wrong = steps.filter(({ status }) => status !== 'affirming')
  if (verdict === 'broken') {
    process.stderr.write(`${formatSteps(wrong, process.stderr)}\n`)
    throw new VerificationError('RECORD_BROKEN', 'the record does not hold: no page was made of it')
  }
  const record = flags.amounts === true ? withAmounts(whole) : await inPercent(whole)
  const page = tearsheetOf(pageAssets(), record, { version: softwareVersion, policy, insecureSimulated })
  if (flags.output === '-') return void process.stdout.write(page)
  try {
    writeFileSync(flags.output, page)
  } catch (error) {
    throw new InputError('FILE_UNWRITABLE', `can't write ${flags.output} (${systemCode(error)})`)
  }
  const [bytes, statements] = [Buffer.byteLength(page), record.statements.length]
  const amounts = flags.amounts === true
  if (flags.json) {
    return printJson({ file: flags.output, bytes, account: record.account, statements, amounts, verdict })
  }
  print(`${flags.output}: ${statements} statements, ${(bytes / 1_000).toFixed(0)} kB`)
  print(
    amounts
      ? 'it shows volumes, fees and the client id to whoever gets it'
      : 'it holds percentages only: no volume, no fee, no client id',
  )
  if (verdict === 'holds') return print('it holds under the policy it carries')
  remark('\nwhoever opens it will read that it is sound, but not trusted:')
  process.stderr.write(`${formatSteps(wrong, process.stderr)}\n`)
}

function isPublic(record: TrackRecord | PublicRecord): record is PublicRecord {
  return record.schema === publicRecordSchema
}

function withAmounts(record: TrackRecord | PublicRecord): TrackRecord {
  if (!isPublic(record)) return record
  throw new InputError('AMOUNTS_MISSING', 'this record is in percentages only: there are no amounts in it', {
    hint: 'leave out --amounts, or take the record that its owner exports',
  })
}

async function inPercent(record: TrackRecord | PublicRecord): Promise<PublicRecord> {
  return isPublic(record) ? record : publicRecordOf(record)
}
