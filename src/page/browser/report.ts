import { metadataOf, type Policy, type RecordVerification, verdictOf } from '@perf-agg/sdk'
import type { Carried } from '../carried.ts'
import { shortName, timeText } from '../figure-text.ts'
import { trackOf } from '../track.ts'
import { element, type Child } from './element.ts'
import { figureCards, figureTable, withdrawnCards } from './figures-view.ts'
import { trackSections } from './sections.ts'
import type { Loaded } from './source.ts'
import { anchorList, stepTable, unknowable } from './trust-box.ts'
import { ribbon, verdictBanner, type Outcome } from './verdict.ts'

/** What is shown of a record once it was checked: everything where it is sound, no figure where it is not. */

export interface Checked {
  readonly carried: Carried
  readonly loaded: Loaded
  readonly policy: Policy | null
  readonly verification: RecordVerification
  /** Checks again by the reader's own policy file. @returns what is wrong with it, or null */
  readonly recheck: (file: File) => Promise<string | null>
}

type Figures = NonNullable<RecordVerification['figures']>

export function heading(...about: readonly Child[]): HTMLElement {
  return element('div', { class: 'title' }, element('h1', {}, 'Track record'), ...about)
}

export function reportOf(checked: Checked): readonly Child[] {
  const { carried, loaded, policy, verification } = checked
  const { record } = loaded
  const { steps, figures } = verification
  const verdict = verdictOf(steps)
  const links = record.statements.map(metadataOf)
  const outcome: Outcome = {
    kind: figures === null ? 'broken' : verdict,
    steps,
    until: figures === null ? null : timeText(Date.parse(figures.until)),
    policy: policy !== null,
  }
  if (outcome.kind === 'broken' || figures === null) {
    document.title = '✗ Does not hold: track record'
    return [heading(), verdictBanner(outcome), withdrawnCards(), ...trustOf(checked)]
  }
  document.title = `${verdict === 'holds' ? '✓' : '!'} Track record ${shortName(record.account)}`
  const environments = [...new Set(links.map(({ source }) => source.environment))]
  const last = links.at(-1)
  const track = trackOf(figures)
  return [
    ribbon(
      environments,
      record.evidence.some(({ quote }) => quote.tee === 'simulated'),
    ),
    heading(aboutOf(record.account, last?.source.exchange ?? '', environments, figures)),
    withdrawnNote(carried),
    verdictBanner(outcome),
    figureCards(track),
    marksOf(figures, last?.type === 'closed' ? last.closed.reason : null),
    ...trackSections(track),
    section('figures', 'All figures and what they mean', figureTable(track)),
    ...trustOf(checked),
  ]
}

function aboutOf(
  account: string,
  exchange: string,
  environments: readonly string[],
  { series, until }: Figures,
): HTMLElement {
  const first = series.find(({ origin }) => origin !== 'backfilled')
  return element(
    'p',
    { class: 'about' },
    `Account ${shortName(account)} at ${exchange} (${environments.join(', ')})`,
    element('br'),
    first === undefined
      ? 'no hour is stated yet'
      : `${timeText(first.startMs)} to ${timeText(Date.parse(until))}`,
  )
}

const markWords = [
  ['unreconciled', 'hours with balance changes that nothing explains; those are never counted as gain'],
  ['below_floor', 'hours on too little equity: gains there do not count'],
  ['approximate', 'hours that carry the return across a gap'],
  ['stale', 'hours with assets valued at an old price'],
  ['unpriced', 'hours with assets that have no price'],
  ['unpriced_fees', 'hours with a fee whose rate was not to be had'],
  ['no_capital', 'hours without capital, left out of every count'],
] as const

/** What a reader of the figures must know beside them. */
function marksOf(figures: Figures, closed: string | null): HTMLElement | null {
  const { corrections, returnPct, returnFirstPct, series } = figures
  const notes: string[] = []
  if (corrections > 0) {
    const many = corrections === 1 ? '1 correction' : `${corrections} corrections`
    const [before, after] = [returnFirstPct, returnPct].map((pct) => pct?.toFixed(4) ?? '–')
    notes.push(`${many}: as first stated the return was ${before} %, corrected it is ${after} %.`)
  }
  for (const [mark, text] of markWords) {
    const count = series.filter(({ marks }) => marks.includes(mark)).length
    if (count > 0) notes.push(`${count} ${text}.`)
  }
  if (closed !== null) notes.push(`The record was closed: ${closed.replaceAll('-', ' ')}.`)
  if (notes.length === 0) return null
  return element(
    'section',
    { class: 'marks', 'aria-label': 'Marks' },
    element('h2', {}, 'Marks'),
    element('ul', {}, ...notes.map((note) => element('li', {}, note))),
  )
}

function withdrawnNote({ source }: Carried): HTMLElement | null {
  if (source.kind !== 'live' || source.withdrawn_at === null) return null
  return element(
    'p',
    { class: 'withdrawn-note', role: 'note' },
    element('strong', {}, 'Withdrawn '),
    `by its owner on ${source.withdrawn_at.slice(0, 10)}: the page stays as it was until then, and shows nothing after.`,
  )
}

function trustOf(checked: Checked): readonly HTMLElement[] {
  const { loaded, policy, verification } = checked
  return [
    section(
      'steps',
      'What was checked',
      stepTable(verification, verification.figures === null || verdictOf(verification.steps) === 'broken'),
    ),
    section(
      'anchor',
      'On whose word it rests',
      anchorList(loaded.record, verification, policy),
      policy === null
        ? null
        : element(
            'details',
            { class: 'behind' },
            element('summary', {}, 'The policy'),
            element('pre', { tabindex: 0 }, JSON.stringify(policy, null, 2)),
          ),
      element('h3', {}, 'What it can not know'),
      element('ul', {}, ...unknowable.map((text) => element('li', {}, text))),
      element('h3', {}, 'Check it yourself'),
      element(
        'p',
        {},
        'A page can be made to say anything, this one too. Hold it against your own policy here, or take the record ',
        'out of it and check that with a program you have from somebody else.',
      ),
      toolsOf(checked),
    ),
  ]
}

function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  return element(
    'section',
    { class: 'panel', id, 'aria-labelledby': `${id}-title` },
    element('h2', { id: `${id}-title` }, title),
    ...children,
  )
}

function toolsOf({ loaded, recheck }: Checked): HTMLElement {
  const save = element('button', { type: 'button' }, 'Save the record file')
  save.addEventListener('click', () => {
    const url = URL.createObjectURL(new Blob([loaded.bytes()], { type: 'application/json' }))
    const link = element('a', { href: url, download: `record-${loaded.record.account.slice(0, 8)}.json` })
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
  })
  const input = element('input', { type: 'file', accept: '.json,application/json', id: 'policy-file' })
  const told = element(
    'p',
    { class: 'note', role: 'status' },
    'On a command line: perf-agg verify record.json --policy policy.json',
  )
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    if (file !== undefined) void recheck(file).then((wrong) => (told.textContent = wrong))
  })
  return element(
    'div',
    { class: 'tools' },
    element('div', {}, element('label', { for: 'policy-file' }, 'Check against my policy '), input),
    save,
    told,
  )
}
