import type { Step, Verdict } from '@perf-agg/sdk'
import { element } from './element.ts'

/** What the whole check came to, said so that nobody can miss it. */
export type Outcome =
  | { readonly kind: 'checking'; readonly detail: string }
  /** This browser can't check: nothing is claimed. */
  | { readonly kind: 'unable'; readonly detail: string }
  | {
      readonly kind: Verdict
      readonly steps: readonly Step[]
      readonly until: string | null
      readonly policy: boolean
    }

const titles = {
  checking: 'Checking …',
  unable: 'Nothing was verified',
  holds: 'Verified',
  untrusted: 'Sound, but not trusted',
  broken: 'This record does not hold',
} as const

export const statusWords = { affirming: 'holds', warning: 'warning', contraindicated: 'fails' } as const
export const statusMarks = { affirming: '✓', warning: '!', contraindicated: '✗' } as const
const marks = { checking: '…', unable: '?', holds: '✓', untrusted: '!', broken: '✗' } as const

export function verdictBanner(outcome: Outcome): HTMLElement {
  document.documentElement.dataset['verdict'] = outcome.kind
  const box = element(
    'section',
    {
      class: `verdict ${outcome.kind}`,
      id: 'verdict',
      'aria-live': 'assertive',
      'aria-labelledby': 'verdict-title',
    },
    element('p', { class: 'mark', 'aria-hidden': 'true' }, marks[outcome.kind]),
    element('div', {}, element('h2', { id: 'verdict-title' }, titles[outcome.kind]), ...sentences(outcome)),
  )
  return box
}

function sentences(outcome: Outcome): readonly HTMLElement[] {
  if (outcome.kind === 'checking' || outcome.kind === 'unable') return [element('p', {}, outcome.detail)]
  const wrong = outcome.steps.filter(({ status }) => status !== 'affirming')
  const list = element(
    'ul',
    {},
    ...wrong.map(({ status, code, detail }) =>
      element('li', {}, `${statusMarks[status]} ${detail} `, element('code', {}, code)),
    ),
  )
  switch (outcome.kind) {
    case 'holds':
      return [
        element(
          'p',
          {},
          `${outcome.steps.length} steps were checked in this browser, just now, and each holds under the policy below. `,
          `Complete up to ${outcome.until ?? 'nothing'}; nothing is known of what came after.`,
        ),
      ]
    case 'untrusted':
      return [
        element(
          'p',
          {},
          'Nothing in it was changed: every proof holds. ',
          outcome.policy
            ? 'But the policy does not accept what they prove:'
            : 'But nobody has said yet what is to be trusted: give your own policy below. What stands against it:',
        ),
        list,
      ]
    case 'broken':
      return [element('p', {}, 'Something in it was changed, cut or forged. No figure of it is shown.'), list]
  }
}

/** A ribbon that no screenshot of the figures can leave out. */
export function ribbon(environments: readonly string[], simulatedTee: boolean): HTMLElement | null {
  const words = [
    ...(simulatedTee
      ? ['Simulated enclave: it protects nothing, and its operator can forge everything']
      : []),
    ...(environments.includes('simulated') ? ['a simulated exchange: no real money'] : []),
    ...(environments.includes('sandbox') ? ['an exchange’s test environment: no real money'] : []),
    ...(environments.includes('self-reported')
      ? ['trades the client reported itself: no exchange vouches for them']
      : []),
  ]
  if (words.length === 0) return null
  return element(
    'section',
    { class: 'ribbon', role: 'note', 'aria-label': 'What this is not' },
    element('strong', {}, simulatedTee || environments.includes('simulated') ? 'SIMULATED' : 'NOT LIVE'),
    ` ${words.join('; ')}.`,
  )
}
