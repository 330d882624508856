import { parseJson, parsePolicy, type Policy, type RecordOptions, utf8, verifyRecord } from '@perf-agg/sdk'
import { carriedId, parseCarried, type Carried } from '../carried.ts'
import { element, type Child } from './element.ts'
import { withdrawnCards } from './figures-view.ts'
import { heading, reportOf } from './report.ts'
import { loadRecord, type Loaded } from './source.ts'
import { themeButton, watchTheme } from './theme.ts'
import { verdictBanner, type Outcome } from './verdict.ts'

/** The page from its opening to its report: it checks the record first, and shows only what follows from it. */
export async function openPage(roots?: RecordOptions['roots']): Promise<void> {
  watchTheme()
  const top = document.getElementById('top')
  top?.append(
    element('span', { class: 'brand' }, 'perf-agg'),
    element('span', { class: 'spacer' }),
    themeButton(),
  )
  try {
    await check(roots)
  } catch (error) {
    // a fault of the page itself is no finding about the record, and no verification either
    end({ kind: 'unable', detail: `The page could not finish its check (${codeOf(error)}).` })
  }
}

const noCryptography =
  'This browser gives pages no cryptography here: it needs https, localhost or a file. Nothing was checked, and so ' +
  'nothing is shown. Save the page and run perf-agg verify on it.'

async function check(roots: RecordOptions['roots']): Promise<void> {
  let carried: Carried
  try {
    carried = parseCarried(JSON.parse(document.getElementById(carriedId)?.textContent ?? ''))
  } catch {
    return fail('The page is damaged: what it carries can not be read.', 'PAGE_INVALID')
  }
  document.getElementById('bottom')?.append(footer(carried))
  if (!isSecureContext || globalThis.crypto?.subtle === undefined) {
    return end({ kind: 'unable', detail: noCryptography })
  }
  progress('The record is being read.')
  let loaded: Loaded
  try {
    loaded = await loadRecord(carried.source, progress)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'RECORD_UNREACHABLE' || (carried.source.kind === 'live' && error instanceof TypeError)) {
      return end({ kind: 'unable', detail: 'The enclave that serves this record does not answer.' })
    }
    return fail('It has not the form of a record: something in it was changed.', code)
  }
  await judge(carried, loaded, carried.policy, roots)
}

async function judge(
  carried: Carried,
  loaded: Loaded,
  policy: Policy | null,
  roots: RecordOptions['roots'],
): Promise<void> {
  progress(`${loaded.record.statements.length} statements are being checked in this browser.`)
  // what is said is painted before the work begins
  await new Promise((painted) => setTimeout(painted, 30))
  const begunMs = performance.now()
  const verification = await verifyRecord(loaded.record, {
    policy,
    nowMs: Date.now(),
    insecureSimulated: carried.insecure_simulated,
    ...(roots === undefined ? {} : { roots }),
  })
  document.documentElement.dataset['verifiedMs'] = String(Math.round(performance.now() - begunMs))
  const recheck = async (file: File): Promise<string | null> => {
    let own: Policy
    try {
      own = parsePolicy(parseJson(utf8(await file.text()), { bytesMax: 1_048_576 }))
    } catch {
      return `${file.name} is no policy.`
    }
    await judge(carried, loaded, own, roots)
    scrollTo(0, 0)
    return null
  }
  show(...reportOf({ carried, loaded, policy, verification, recheck }))
}

function show(...parts: readonly Child[]): void {
  document.getElementById('main')?.replaceChildren(...parts.filter((part) => part !== null))
}

function progress(detail: string): void {
  show(heading(), verdictBanner({ kind: 'checking', detail }))
}

function end(outcome: Outcome): void {
  document.title = '? Not verified: track record'
  show(heading(), verdictBanner(outcome))
}

function fail(detail: string, code: string): void {
  document.title = '✗ Does not hold: track record'
  const steps = [{ name: 'form', status: 'contraindicated', code, detail }] as const
  show(heading(), verdictBanner({ kind: 'broken', steps, until: null, policy: false }), withdrawnCards())
}

function footer({ version, source }: Carried): HTMLElement {
  const where = source.kind === 'live' ? 'Served live by the enclave.' : 'One file: it asks nobody anything.'
  const text = `Made by perf-agg ${version}. ${where} Past returns say nothing certain about later ones.`
  return element('p', {}, text)
}

function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : null
  return typeof code === 'string' ? code : 'RECORD_INVALID'
}
