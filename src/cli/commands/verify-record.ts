import {
  judgeAgainstLog,
  type Policy,
  publicRecordSchema,
  recordSchema,
  type Step,
  toInstant,
  verdictOf,
  verifyRecord,
} from '@perf-agg/sdk'
import { fetchLogEntries } from '../input/log-entries.ts'
import { readRecord } from '../input/record-file.ts'
import { exitCodeOfVerdict, formatSteps, printVerdict } from '../terminal/step-list.ts'
import { paint, print, printJson } from '../terminal/terminal.ts'

/** A whole record, checked offline and step by step; against its log too where that is asked for. */

export interface RecordFlags {
  readonly insecureSimulated?: true
  readonly log?: string
  readonly json?: true
}

export function isRecord(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    (value.schema === recordSchema || value.schema === publicRecordSchema)
  )
}

export async function checkRecord(
  value: unknown,
  policy: Policy | null,
  flags: RecordFlags,
  pageStep: Step | null = null,
): Promise<void> {
  const record = readRecord(value)
  const judged = await verifyRecord(record, {
    policy,
    nowMs: Date.now(),
    insecureSimulated: flags.insecureSimulated === true,
  })
  const steps = [
    ...(pageStep === null ? [] : [pageStep]),
    ...judged.steps,
    ...(flags.log === undefined || judged.figures === null
      ? []
      : await judgeAgainstLog(record, await fetchLogEntries(flags.log))),
  ]
  const verdict = verdictOf(steps)
  process.exitCode = exitCodeOfVerdict(verdict)
  const { figures, witnessedAtS } = judged
  const witnessedAt = witnessedAtS === null ? null : toInstant(witnessedAtS * 1_000)
  if (flags.json) {
    const shown = figures === null ? null : summary(figures)
    return printJson({ verdict, account: record.account, witnessed_at: witnessedAt, figures: shown, steps })
  }
  print(`${paint('bold', 'record')} of account ${record.account}`)
  print(`${witnessedAt === null ? 'no witnessed time' : `witnessed ${witnessedAt}`}\n`)
  print(formatSteps(steps))
  printVerdict(verdict, {
    holds: 'it holds',
    broken: 'it does not hold: something in it is broken',
    untrusted: 'sound, but not trusted',
  })
  print(paint('dim', unknowable))
}

/** What no record can show, whoever checks it. */
const unknowable =
  'it can not show: accounts under other identities, other logs or earlier epochs, an exchange or a parser that lies, a broken TEE'

function summary(figures: NonNullable<Awaited<ReturnType<typeof verifyRecord>>['figures']>): object {
  return {
    until: figures.until,
    statements: figures.statements,
    hours: figures.hours,
    backfilled: figures.backfilled,
    return_pct: figures.returnPct,
    totals: figures.totals,
  }
}
