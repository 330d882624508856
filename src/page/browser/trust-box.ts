import {
  claimsBytesOf,
  metadataOf,
  parseCheckpoint,
  parseClaims,
  parseNote,
  type Policy,
  type PublicRecord,
  type RecordVerification,
  toInstant,
  type TrackRecord,
} from '@perf-agg/sdk'
import { countText } from '../figure-text.ts'
import { element } from './element.ts'
import { statusMarks, statusWords } from './verdict.ts'

/** What was checked, on whose word it rests, and what no record can show. */

/** Of a record that does not hold, what was computed from it is not shown even here. */
export function stepTable({ steps: all }: RecordVerification, broken: boolean): HTMLElement {
  const steps = broken ? all.filter(({ name }) => name !== 'figures' && name !== 'complete') : all
  const table = element(
    'table',
    { class: 'steps' },
    element('caption', {}, `${steps.length} steps, each checked in this browser`),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ...['Result', 'Step', 'What was found'].map((name) => element('th', { scope: 'col' }, name)),
      ),
    ),
    element(
      'tbody',
      {},
      ...steps.map(({ name, status, code, detail }) =>
        element(
          'tr',
          { class: status },
          element('td', { class: 'result' }, `${statusMarks[status]} ${statusWords[status]}`),
          element('th', { scope: 'row' }, name),
          element('td', {}, detail, status === 'affirming' ? null : element('code', {}, code)),
        ),
      ),
    ),
  )
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Steps' }, table)
}

export function anchorList(
  record: TrackRecord | PublicRecord,
  { steps, witnessedAtS }: RecordVerification,
  policy: Policy | null,
): HTMLElement {
  const claims = record.evidence.flatMap(({ quote }) => {
    try {
      return [{ tee: quote.tee, claims: parseClaims(claimsBytesOf(quote)) }]
    } catch {
      return []
    }
  })
  const links = record.statements.map(metadataOf)
  const note = noteOf(record.checkpoint)
  const witnesses = steps.find(({ name }) => name === 'witnesses')?.detail ?? 'not looked at'
  const tees = unique(claims.map(({ tee }) => tee))
  const software = unique(claims.map(({ claims: each }) => `${each.software.name} ${each.software.version}`))
  const pairs: readonly (readonly [string, string])[] = [
    ['Account', `${record.account} (a pseudonym; stable for one exchange account)`],
    [
      'Enclave',
      tees.length === 0
        ? 'no evidence'
        : `${tees.join(', ')}${tees.includes('simulated') ? ' — PROVES NOTHING' : ''}`,
    ],
    ['Software', software.join(', ') || '–'],
    ['Statement keys', unique(links.map(({ key_id }) => key_id)).join(', ') || '–'],
    [
      'Operator’s key',
      claims.some(({ claims: each }) => each.mounted_key !== null)
        ? 'mounted beside the enclave’s own'
        : 'none',
    ],
    ['Configurations', unique(links.map(({ config_digest }) => config_digest)).join(', ') || '–'],
    ['Log', note === null ? 'not readable' : `${note.origin}, ${countText(note.size)} leaves`],
    ['Witnesses', `${witnesses}${witnessedAtS === null ? '' : `, at ${toInstant(witnessedAtS * 1_000)}`}`],
    ['Hosts', unique(links.flatMap(({ source }) => source.host ?? [])).join(', ') || 'none'],
    ['Collector', unique(links.map(({ source }) => source.collector)).join(', ') || '–'],
    ['Lists not told', unique(links.flatMap(({ source }) => source.unavailable ?? [])).join(', ') || 'none'],
    [
      'Exchange key',
      `${unique(links.map(({ source }) => source.permissions)).join(', ')}; ${unique(links.map(({ source }) => source.ownership)).join(', ')}`,
    ],
    ['Accounts of this client', accountsText(links.at(-1)?.client_accounts ?? null)],
    ['Policy', policy === null ? 'none: nothing was said about what to trust' : 'given, see below'],
  ]
  return element(
    'dl',
    { class: 'anchor' },
    ...pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  )
}

function accountsText(count: number | null): string {
  if (count === null) return 'not known: registered without a client key'
  return count === 1 ? '1, this one' : `${count}: this is one of them`
}

/** The sentences of threat and doubt that belong beside every figure. */
export const unknowable: readonly string[] = [
  'accounts that the same person has under another identity: a second client key is a second person here',
  'another log, or another life of the enclave’s pseudonyms, in which the account began anew',
  'an exchange that lies, or a parser of its answers that does',
  'a broken TEE: whoever can break the hardware’s promise can forge what rests on it',
  'what came after the last hour stated here',
]

function noteOf(text: string): { readonly origin: string; readonly size: number } | null {
  try {
    return parseCheckpoint(parseNote(text).text)
  } catch {
    return null
  }
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)]
}
