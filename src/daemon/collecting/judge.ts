import { createHash } from 'node:crypto'
import {
  readArray,
  readEnum,
  readInteger,
  readNullable,
  readObject,
  readRecord,
  readString,
} from '@perf-agg/sdk'
import type {
  BudgetWeight,
  CandlesAnswer,
  CheckAnswer,
  Failure,
  MarketsAnswer,
  Origin,
  PollAnswer,
  Weight,
} from '../../collector/answer.ts'
import { CollectorFailure, failureOf } from '../../collector/failure.ts'
import { parseBody } from '../../collector/job.ts'
import { readCandles, readMarkets, readObservation } from '../../collector/observation.ts'
import { accountIdOf, judgePermissions } from '../../collector/permissions.ts'
import type { Report } from '../../egress/message.ts'
import type { Frame } from '../../frame.ts'
import { limits } from '../../limits.ts'

/**
 * What came out of a collector, held against what egress saw: the collector runs a stranger's code and is believed
 * nothing that can be known from elsewhere. Where it connected, what a key may do and whose account it is come from
 * egress and from the exchange's own bytes.
 */
export interface Finished {
  readonly frame: Frame
  /** Of this job, in order. */
  readonly reports: readonly Report[]
  readonly exchange: string
  /** Its hosts: those of another exchange are no place for this job. */
  readonly hosts: ReadonlySet<string>
  /** Where the configuration sends this source. */
  readonly environment: Origin['environment']
  /** Told what the job cost, and what the exchange says is used. */
  readonly heard: (weight: Weight) => void
  /** Where no answer says whose account it is: the address that was asked for; null of all others. */
  readonly knownAccount: string | null
}

interface AccountPaths {
  readonly account: string
  readonly restrictions: string | null
  /** Of accounts of another kind: an exchange answers one of both. */
  readonly otherwise?: string
}

/** Where the exchange tells whose account it is, and what the key may do; null: it has no such call. */
const accountPaths: Readonly<Record<string, AccountPaths>> = {
  binance: { account: '/api/v3/account', restrictions: '/sapi/v1/account/apiRestrictions' },
  bitget: {
    account: '/api/v2/spot/account/info',
    restrictions: '/api/v2/spot/account/info',
    otherwise: '/api/v3/account/info',
  },
  bybit: { account: '/v5/user/query-api', restrictions: '/v5/user/query-api' },
  coinbase: {
    account: '/api/v3/brokerage/key_permissions',
    restrictions: '/api/v3/brokerage/key_permissions',
  },
  // its answer does not say whose it is: that is the address that was asked for
  hyperliquid: { account: '/info', restrictions: null },
  gate: { account: '/api/v4/account/detail', restrictions: null },
  poloniex: { account: '/accounts/balances', restrictions: null },
  woo: { account: '/v3/account/info', restrictions: null },
  kraken: { account: '/0/private/GetApiKeyInfo', restrictions: '/0/private/GetApiKeyInfo' },
  krakenfutures: {
    account: '/api/history/v3/account-log',
    restrictions: '/api/auth/v1/api-keys/v3/check',
  },
  kucoin: { account: '/api/v1/user/api-key', restrictions: '/api/v1/user/api-key' },
  okx: { account: '/api/v5/account/config', restrictions: '/api/v5/account/config' },
}

const doneMembers = ['id', 'kind', 'collector', 'skewMs', 'weight'] as const

/** @throws {InputError} where the frame is none */
export function judgePoll(finished: Finished): PollAnswer {
  const failure = failureIn(finished)
  if (failure !== null) return failure
  const head = readObject(finished.frame.head, 'head', { required: [...doneMembers, 'cursor'] })
  const origin = originOf(finished, head)
  if (origin === null) return misplaced()
  return {
    kind: 'observed',
    observation: readObservation(parseBody(finished.frame.body), 'observation'),
    cursor: readString(head.cursor, 'cursor', { max: limits.collector.cursorBytesMax }),
    origin,
    weight: weightOf(finished, head),
  }
}

/** @throws {InputError} where the frame is none */
export function judgeCheck(finished: Finished): CheckAnswer {
  const failure = failureIn(finished)
  if (failure !== null) return failure
  const { frame, exchange, environment } = finished
  const head = readObject(frame.head, 'head', { required: [...doneMembers, 'parts'] })
  const origin = originOf(finished, head)
  if (origin === null) return misplaced()
  const [first, second] = readArray(head.parts, 'parts', 2)
  const restrictionBytes = readNullable(first, 'parts', (value, path) => readInteger(value, path, { min: 0 }))
  const accountBytes = readInteger(second, 'parts', { min: 0 })
  if ((restrictionBytes ?? 0) + accountBytes !== frame.body.length) return untrue()
  const restrictions = restrictionBytes === null ? null : frame.body.subarray(0, restrictionBytes)
  const account = frame.body.subarray(restrictionBytes ?? 0)
  const paths = accountPaths[exchange]
  if (paths === undefined) return untrue()
  const { restrictions: restrictionsPath, otherwise } = paths
  const wasAt = (path: string, part: Uint8Array): boolean =>
    wasReceived(finished, path, part) || (otherwise !== undefined && wasReceived(finished, otherwise, part))
  if (!wasAt(paths.account, account)) return untrue()
  if (restrictions !== null) {
    if (restrictionsPath === null || !wasAt(restrictionsPath, restrictions)) return untrue()
  } else if (restrictionsPath !== null && environment === 'live') {
    // The real exchange has that call: who says otherwise hides what the key may do.
    return untrue()
  }
  try {
    return {
      kind: 'checked',
      ...judgePermissions(exchange, restrictions),
      accountId: finished.knownAccount ?? accountIdOf(exchange, account),
      origin,
      weight: weightOf(finished, head),
    }
  } catch (error) {
    if (error instanceof CollectorFailure) return error.failure
    throw error
  }
}

/** @throws {InputError} where the frame is none */
export function judgeCandles(finished: Finished): CandlesAnswer | Failure {
  return publicAnswer(finished, (body) => readCandles(body, 'candles'))
}

/** @throws {InputError} where the frame is none */
export function judgeMarkets(finished: Finished): MarketsAnswer | Failure {
  return publicAnswer(finished, (body) => readMarkets(body, 'markets'))
}

function publicAnswer<Answer>(finished: Finished, read: (body: unknown) => Answer): Answer | Failure {
  const failure = failureIn(finished)
  if (failure !== null) return failure
  const head = readObject(finished.frame.head, 'head', { required: doneMembers })
  weightOf(finished, head)
  if (originOf(finished, head) === null) return misplaced()
  return read(parseBody(finished.frame.body))
}

/** The failure that the collector tells of; null where it tells of success. */
function failureIn({ frame }: Finished): Failure | null {
  const kind = readEnum(readRecord(frame.head, 'head')['kind'], 'head.kind', ['done', 'failed'])
  if (kind === 'done') return null
  const head = readObject(frame.head, 'head', { required: ['id', 'kind', 'failure'] })
  const failure = readObject(head.failure, 'failure', {
    required: ['kind', 'code', 'exchangeCode', 'retryAfterMs', 'scope'],
  })
  return failureOf(
    readEnum(failure.code, 'failure.code', failureCodes),
    readEnum(failure.scope, 'failure.scope', ['session', 'exchange', 'collector']),
    {
      exchangeCode: readNullable(failure.exchangeCode, 'failure.exchangeCode', (value, path) =>
        readString(value, path, { max: 64, pattern: /^[\w .:-]*$/ }),
      ),
      retryAfterMs: readNullable(failure.retryAfterMs, 'failure.retryAfterMs', (value, path) =>
        readInteger(value, path, { min: 0, max: retryAfterMsMax }),
      ),
    },
  )
}

/** A collector may say what it wants of its own work; not that the daemon closed it. */
const failureCodes = [
  'EXCHANGE_KEY_REFUSED',
  'EXCHANGE_ACCOUNT_REFUSED',
  'EXCHANGE_UNREACHABLE',
  'EXCHANGE_RATE_LIMITED',
  'EXCHANGE_BANNED',
  'EXCHANGE_ANSWER_INVALID',
  'EXCHANGE_REQUEST_REFUSED',
  'EXCHANGE_HOST_REFUSED',
  'EXCHANGE_NOT_SUPPORTED',
  'COLLECTOR_ANSWER_INVALID',
] as const

/** binance's longest ban. */
const retryAfterMsMax = 3 * 24 * 3_600_000

type DoneHead = { readonly [Name in (typeof doneMembers)[number]]: unknown }

/** Null unless every byte of the job came from where the source belongs. */
function originOf({ reports, hosts, environment }: Finished, head: DoneHead): Origin | null {
  // an exchange with several hosts tells its time first, at its main one
  const first = reports[0]
  if (first === undefined) return null
  if (reports.some((report) => report.environment !== environment || !hosts.has(report.host))) return null
  return {
    host: first.host,
    environment,
    certificate: first.certificate,
    serverTimeSkewMs: readInteger(head.skewMs, 'head.skewMs'),
    collector: readString(head.collector, 'head.collector', {
      max: 64,
      pattern: /^ccxt \d+\.\d+\.\d+(?: generic)?$/,
    }),
  }
}

const budgetsMax = 16

function readBudget(value: unknown): BudgetWeight {
  const budget = readObject(value, 'budget', { required: ['spent', 'usedOfMinute', 'limitOfMinute'] })
  return {
    spent: count(budget.spent, 'budget.spent'),
    usedOfMinute: count(budget.usedOfMinute, 'budget.usedOfMinute'),
    limitOfMinute: count(budget.limitOfMinute, 'budget.limitOfMinute'),
  }
}

const count = (value: unknown, path: string): number => readInteger(value, path, { min: 0 })

function weightOf({ heard }: Finished, head: DoneHead): Weight {
  const weight = readObject(head.weight, 'weight', {
    required: ['requests', 'spent', 'usedOfMinute', 'limitOfMinute', 'budgets'],
  })
  const read: Weight = {
    requests: count(weight.requests, 'weight.requests'),
    spent: count(weight.spent, 'weight.spent'),
    usedOfMinute: readNullable(weight.usedOfMinute, 'weight.usedOfMinute', count),
    limitOfMinute: count(weight.limitOfMinute, 'weight.limitOfMinute'),
    budgets: Object.fromEntries(
      Object.entries(readRecord(weight.budgets, 'weight.budgets'))
        .slice(0, budgetsMax)
        .map(([name, value]) => [name, readBudget(value)]),
    ),
  }
  heard(read)
  return read
}

function wasReceived({ reports }: Finished, path: string, body: Uint8Array): boolean {
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
  return reports.some((report) => report.path === path && report.status === 200 && report.digest === digest)
}

function misplaced(): Failure {
  return failureOf('COLLECTOR_ANSWER_INVALID', 'collector', { exchangeCode: 'origin' })
}

function untrue(): Failure {
  return failureOf('COLLECTOR_ANSWER_INVALID', 'collector', { exchangeCode: 'digest' })
}
