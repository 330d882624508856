import {
  readArray,
  readBoolean,
  readEnum,
  readInteger,
  readNullable,
  readObject,
  readRecord,
  readString,
} from '@perf-agg/sdk'
import { limits } from '../limits.ts'
import type { Mark, Operations, Rule } from './hosts.ts'

/**
 * What egress hears and says. On the link to the collector: requests and answers; to a listener, the messages of
 * streams as well (stream-message.ts). On the control pipe to the daemon: the rules at the start, then a report of
 * every exchange of bytes, which the collector can't touch.
 */

/** One request of the collector's; its body is the frame's body. */
export interface WireRequest {
  readonly id: number
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
}

export type Refusal =
  /** Not on the list: scheme, host, port, path or method. */
  | 'HOST_REFUSED'
  /** The name resolved to an address that is not public. */
  | 'ADDRESS_REFUSED'
  | 'REDIRECT_REFUSED'
  | 'TIMED_OUT'
  | 'TOO_LARGE'
  /** Certificate not trusted, wrong name, old protocol. */
  | 'TLS_REFUSED'
  /** No connection, or it broke off. */
  | 'UNREACHABLE'
  /** Not HTTP, or not an encoding that was asked for. */
  | 'ANSWER_INVALID'
  /** Too many requests at one time. */
  | 'BUSY'

export type WireAnswer =
  | {
      readonly kind: 'answer'
      readonly id: number
      readonly status: number
      readonly headers: readonly (readonly [string, string])[]
    }
  | { readonly kind: 'refused'; readonly id: number; readonly code: Refusal }

/** Where the bytes of one answer came from, and what they were. */
export interface Report {
  readonly kind: 'report'
  readonly environment: Rule['environment']
  /** With its port unless that is the scheme's own. */
  readonly host: string
  /** Without the query: that holds signatures. */
  readonly path: string
  readonly status: number
  readonly certificate: string | null
  /** The server's `Date`; null where it sent none. */
  readonly serverDateMs: number | null
  /** Of the body after decompression, as the collector got it. */
  readonly digest: string
  readonly bodyBytes: number
}

/** A connection of a stream was opened: from then on events come from there. */
export interface Opening {
  readonly kind: 'opened'
  readonly environment: Rule['environment']
  readonly host: string
  readonly certificate: string | null
}

/** `refused` tells the daemon of a request that went nowhere; `host` is null where the URL had none of the list. */
export type ControlMessage =
  | { readonly kind: 'ready' }
  | Report
  | Opening
  | { readonly kind: 'refused'; readonly code: Refusal; readonly host: string | null }

/** The daemon's one message: what may be called, and the address of ours to call from; null is the system's choice. */
export function readRules(head: unknown): {
  readonly rules: readonly Rule[]
  readonly address: string | null
} {
  const { rules, address } = readObject(head, '', { required: ['rules', 'address'] })
  return {
    rules: readRuleList(rules),
    address: readNullable(address, 'address', (value, path) => readString(value, path, { max: 45 })),
  }
}

function readRuleList(rules: unknown): readonly Rule[] {
  return readArray(rules, 'rules', limits.egress.originsMax, (value, path) => {
    const rule = readObject(value, path, {
      required: ['origin', 'environment', 'methods', 'paths', 'headers', 'privateAllowed'],
      optional: ['mark', 'operations'],
    })
    const texts = (name: 'methods' | 'paths' | 'headers'): readonly string[] =>
      readArray(rule[name], `${path}.${name}`, 32, (text, at) => readString(text, at, { min: 1, max: 128 }))
    return {
      origin: new URL(readString(rule.origin, `${path}.origin`)).origin,
      environment: readEnum(rule.environment, `${path}.environment`, environments),
      methods: texts('methods'),
      paths: texts('paths'),
      headers: texts('headers'),
      privateAllowed: readBoolean(rule.privateAllowed, `${path}.privateAllowed`),
      ...(rule.mark === undefined ? {} : { mark: readMark(rule.mark, `${path}.mark`) }),
      ...(rule.operations === undefined
        ? {}
        : { operations: readOperations(rule.operations, `${path}.operations`) }),
    }
  })
}

function readMark(value: unknown, path: string): Mark {
  const mark = readObject(value, path, { required: ['header', 'value'] })
  const bounds = { min: 1, max: 128 }
  return {
    header: readString(mark.header, `${path}.header`, bounds),
    value: readString(mark.value, `${path}.value`, bounds),
  }
}

function readOperations(value: unknown, path: string): Operations {
  const operations = readObject(value, path, { required: ['member', 'names', 'texts'] })
  const texts = (name: 'names' | 'texts'): readonly string[] =>
    readArray(operations[name], `${path}.${name}`, 32, (text, at) =>
      readString(text, at, { min: 1, max: 128 }),
    )
  return {
    member: readString(operations.member, `${path}.member`, { min: 1, max: 128 }),
    names: texts('names'),
    texts: texts('texts'),
  }
}

export function readWireRequest(head: unknown): WireRequest {
  const request = readObject(head, '', { required: ['id', 'method', 'url', 'headers'] })
  return {
    id: readInteger(request.id, 'id', { min: 1 }),
    method: readString(request.method, 'method', { pattern: /^[A-Z]{3,7}$/ }),
    url: readString(request.url, 'url', { max: limits.egress.urlBytesMax }),
    headers: Object.entries(readRecord(request.headers, 'headers'))
      .slice(0, 64)
      .map(([name, value]) => [name.toLowerCase(), readString(value, 'headers', { max: 4_096 })] as const),
  }
}

export function readControlMessage(head: unknown): ControlMessage {
  const kind = readEnum(readRecord(head, '')['kind'], 'kind', ['ready', 'report', 'opened', 'refused'])
  if (kind === 'ready') {
    readObject(head, '', { required: ['kind'] })
    return { kind }
  }
  if (kind === 'refused') {
    const refused = readObject(head, '', { required: ['kind', 'code', 'host'] })
    return {
      kind,
      code: readEnum(refused.code, 'code', refusals),
      host:
        refused.host === null ? null : readString(refused.host, 'host', { max: 256, pattern: hostPattern }),
    }
  }
  if (kind === 'opened') {
    const opened = readObject(head, '', { required: ['kind', 'environment', 'host', 'certificate'] })
    return {
      kind,
      environment: readEnum(opened.environment, 'environment', environments),
      host: readString(opened.host, 'host', { max: 256, pattern: hostPattern }),
      certificate: readNullable(opened.certificate, 'certificate', (value, path) =>
        readString(value, path, { pattern: digestPattern }),
      ),
    }
  }
  const report = readObject(head, '', {
    required: [
      'kind',
      'environment',
      'host',
      'path',
      'status',
      'certificate',
      'serverDateMs',
      'digest',
      'bodyBytes',
    ],
  })
  return {
    kind,
    environment: readEnum(report.environment, 'environment', environments),
    host: readString(report.host, 'host', { max: 256, pattern: hostPattern }),
    path: readString(report.path, 'path', { max: limits.egress.urlBytesMax }),
    status: readInteger(report.status, 'status', { min: 100, max: 999 }),
    certificate:
      report.certificate === null
        ? null
        : readString(report.certificate, 'certificate', { pattern: digestPattern }),
    serverDateMs: report.serverDateMs === null ? null : readInteger(report.serverDateMs, 'serverDateMs'),
    digest: readString(report.digest, 'digest', { pattern: digestPattern }),
    bodyBytes: readInteger(report.bodyBytes, 'bodyBytes', { min: 0 }),
  }
}

export const refusals: readonly Refusal[] = [
  'HOST_REFUSED',
  'ADDRESS_REFUSED',
  'REDIRECT_REFUSED',
  'TIMED_OUT',
  'TOO_LARGE',
  'TLS_REFUSED',
  'UNREACHABLE',
  'ANSWER_INVALID',
  'BUSY',
]

const environments = ['live', 'sandbox', 'simulated'] as const
const hostPattern = /^[a-z0-9.:[\]-]+$/
const digestPattern = /^sha256:[0-9a-f]{64}$/
