import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { canonicalize, publicRecordOf, verifyRecord } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { pageAssets } from '../../src/page/assets.ts'
import { percentText, ratioText } from '../../src/page/figure-text.ts'
import { tearsheetOf, type TearsheetOptions } from '../../src/page/tearsheet.ts'
import { trackOf } from '../../src/page/track.ts'
import { findChromium } from '../browser/chromium.ts'
import { Browser, type Look, type Page } from '../browser/devtools.ts'
import { makeRecord } from './made-record.ts'
import { bundleWithRoots } from './rooted-page.ts'

/** The page in headless Chromium: it verifies a good record, refuses touched ones, draws, and asks nobody anything. */

const program = findChromium()

t.test(
  'a tearsheet in headless Chromium',
  { skip: program === null ? 'no Chromium here' : false },
  async (t) => {
    const folder = mkdtempSync(`${tmpdir()}/tearsheet-`)
    const browser = await Browser.start(program!, `${folder}/browser`)
    t.teardown(() => {
      browser.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    })
    const made = await makeRecord(t.testdir(), {
      hours: 1_130,
      backfilled: 48,
      gaps: [[300, 361, 'exchange-unreachable']],
      recovered: [[361, 380]],
      corrected: 200,
    })
    const inPercent = await publicRecordOf(made.record)
    const assets = await bundleWithRoots(made.roots!)
    const options: TearsheetOptions = { version: '0.2.0', policy: made.policy, insecureSimulated: false }
    // what is only to be refused may be short
    const short = await makeRecord(t.testdir({ short: {} }), {
      hours: 100,
      backfilled: 24,
      gaps: [[60, 70, 'key-refused']],
    })
    const shortAssets = await bundleWithRoots(short.roots!)
    const shortInPercent = await publicRecordOf(short.record)
    let files = 0
    const open = async (text: string, look: Partial<Look> = {}): Promise<Page> => {
      const path = `${folder}/${(files += 1)}.html`
      writeFileSync(path, text)
      return browser.open(`file://${path}`, look)
    }
    const sheet = (record: unknown, change: Partial<TearsheetOptions> = {}): string =>
      tearsheetOf(assets, record as typeof made.record, { ...options, ...change })
    const shortSheet = (record: unknown, change: Partial<TearsheetOptions> = {}): string =>
      tearsheetOf(shortAssets, record as typeof made.record, { ...options, policy: short.policy, ...change })
    const { figures } = await verifyRecord(made.record, {
      policy: made.policy,
      nowMs: Date.now(),
      roots: made.roots!,
    })
    const track = trackOf(figures!)

    for (const scheme of ['light', 'dark'] as const) {
      await t.test(`verified, ${scheme}`, async (t) => {
        const page = await open(sheet(made.record), { scheme })
        t.equal(await page.verdict(), 'holds')
        t.match(await page.evaluate('document.title'), /^✓ Track record/)
        const cards = await page.evaluate<string[]>(
          '[...document.querySelectorAll(".card dd")].map((each) => each.firstChild.data)',
        )
        const { values } = track.figures
        t.equal(
          cards[0],
          percentText(values['twr_pct'] ?? null, true),
          'the return of the hours that were verified',
        )
        t.equal(cards[2], ratioText(values['sharpe'] ?? null))
        t.equal(cards[3], percentText(values['max_drawdown_pct'] ?? null))
        await drawn(t, page)
        t.match(
          await page.evaluate('document.body.innerText'),
          /1 correction: as first stated the return was/,
        )
        t.match(await page.evaluate('document.querySelector("#backfilled").innerText'), /in no figure above/)
        t.match(await page.evaluate('document.querySelector("#costs").innerText'), /USD of trading fees/)
        t.match(
          await page.evaluate('document.querySelector("#costs").innerText'),
          /USD funding \(negative was paid\)/,
        )
        await accessible(t, page)
        t.strictSame(page.complaints, [], 'the console is silent')
        t.equal(
          page.asked.length,
          1,
          `it asked for itself and nothing else: ${page.asked.join(' ').slice(0, 200)}`,
        )
      })
    }

    await t.test('in percentages only, on a phone', async (t) => {
      const text = sheet(inPercent)
      const page = await open(text, { width: 390, height: 844 })
      t.equal(await page.verdict(), 'holds')
      t.match(await page.evaluate('document.querySelector("#costs").innerText'), /percentages only/)
      t.notMatch(await page.evaluate('document.body.innerText'), /USD/)
      t.notMatch(canonicalize(inPercent), /volume|fees_usd|net_usd|client_id|"trades"/)
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      t.ok(wide <= 390, `${wide} pixels wide`)
      await drawn(t, page)
      await accessible(t, page)
    })

    await t.test('read with the keyboard', async (t) => {
      const page = await open(sheet(made.record))
      await page.verdict()
      await page.until('document.querySelector("#equity canvas")')
      const plot = 'document.querySelector("#equity .plot")'
      const read = () => page.evaluate<string>(`${plot}.getAttribute("aria-valuetext")`)
      await page.evaluate(`${plot}.focus()`)
      const last = await read()
      await page.key('ArrowLeft')
      const before = await read()
      t.not(before, last, 'a point back')
      await page.key('Home')
      t.match(await read(), /2026-06-01 00:00 UTC: 100\.0/)
      t.equal(await page.evaluate('document.querySelector("#equity .readout").textContent'), await read())
      await page.key('End')
      t.equal(await read(), last)
      await page.evaluate('document.querySelector("#days details summary").click()')
      await page.until('document.querySelector("#days details table")')
      t.equal(await page.evaluate('document.querySelectorAll("#days tbody tr").length'), track.days.length)
      await page.evaluate('document.body.focus(), document.querySelector(".skip").focus()')
      await page.key('Enter')
      t.equal(await page.evaluate('document.activeElement.id'), 'main', 'straight to the record')
      await page.evaluate('document.querySelector(".top button").click()')
      t.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
    })

    await t.test('printed', async (t) => {
      const page = await open(sheet(made.record))
      await page.verdict()
      await page.until('document.querySelector("#equity canvas")')
      const pdf = (await page.pdf()).toString('latin1')
      const pages = pdf.match(/\/Type \/Page\b/g)?.length ?? 0
      t.ok(pages >= 4 && pages <= 14, `${pages} pages of A4`)
    })

    await t.test('sound, and trusted by its reader only', async (t) => {
      const page = await open(shortSheet(short.record, { policy: null }))
      t.equal(await page.verdict(), 'untrusted')
      t.match(await page.evaluate('document.querySelector("#verdict").innerText'), /NO_POLICY/)
      t.ok(await page.evaluate('document.querySelectorAll(".card").length > 5'), 'its figures are shown')
      const give = (text: string) =>
        page.evaluate(`(() => {
        const given = new DataTransfer()
        given.items.add(new File([${JSON.stringify(text)}], 'mine.json'))
        const input = document.querySelector('#policy-file')
        input.files = given.files
        input.dispatchEvent(new Event('change'))
      })()`)
      await give('{}')
      await page.until('document.body.innerText.includes("mine.json is no policy")')
      await give(short.policyText)
      await page.until('document.documentElement.dataset.verdict === "holds"')
      await give(short.policyText.replaceAll('abab', 'cdcd'))
      await page.until('document.documentElement.dataset.verdict === "untrusted"')
      t.match(await page.evaluate('document.querySelector("#verdict").innerText'), /MEASUREMENT_NOT_ACCEPTED/)
    })

    await t.test('touched', async (t) => {
      const kinds: Readonly<Record<string, (copy: any) => void>> = {
        'an hour made better': (copy) => (copy.statements[40].statement.hourly_buckets[0].return_pct += 1),
        'a bad hour left out': (copy) => copy.statements.splice(60, 1),
        'the order changed': (copy) => copy.statements.reverse(),
        'a fee made smaller': (copy) => (copy.statements[40].statement.totals.fees_usd = 0),
        'a gap hidden': (copy) => {
          const gap = copy.statements.find((each: any) => each.statement.metadata.type === 'gap')
          copy.statements.splice(copy.statements.indexOf(gap), 1)
        },
        'backfilled hours as observed': (copy) =>
          (copy.statements[1].statement.metadata.exact.hourly_buckets[0].origin = 'observed'),
        'another account': (copy) => (copy.account = `B${copy.account.slice(1)}`),
        'another log': (copy) => (copy.checkpoint = copy.checkpoint.replace('example', 'fxample')),
        'evidence of another machine': (copy) =>
          (copy.evidence[0].quote.claims = `${copy.evidence[0].quote.claims.slice(0, -2)}AA`),
        'another salt': (copy) => (copy.statements[7].salt = copy.statements[8].salt),
        'another edition': (copy) =>
          (copy.statements[7].edition_signature = copy.statements[8].edition_signature),
        'a sandbox as live': (copy) => {
          for (const { statement } of copy.statements) statement.metadata.source.environment = 'sandbox'
        },
        'a member more': (copy) => (copy.statements[3].statement.metadata.note = 'x'),
      }
      for (const [name, touch] of Object.entries(kinds)) {
        const copy = structuredClone(short.record)
        touch(copy)
        const page = await open(shortSheet(copy))
        t.equal(await page.verdict(), 'broken', name)
        await refused(t, page, name)
      }
      const copy: any = structuredClone(shortInPercent)
      copy.statements[40].edition.hours[0].return_pct += 1
      const edition = await open(shortSheet(copy))
      t.equal(await edition.verdict(), 'broken', 'an edition made better')
      await refused(t, edition, 'an edition made better')

      const good = shortSheet(short.record)
      const cut = good.replace(/("gzip":")([^"]{2000})/, '$1$2AAAA')
      for (const [name, text] of [
        ['bytes of the packed record', cut],
        ['no record at all', good.replace(/"gzip":"[^"]*"/, '"gzip":""')],
        ['a page of another make', good.replace('perf-agg/page/v1', 'perf-agg/page/v9')],
      ] as const) {
        const page = await open(text)
        t.equal(await page.verdict(), 'broken', name)
        await refused(t, page, name)
      }
      const page = await open(
        shortSheet({ ...short.record, statements: short.record.statements.slice(0, 50) }),
      )
      t.equal(await page.verdict(), 'holds', 'one that is cut off is sound in itself')
      t.match(
        await page.evaluate('document.querySelector("#verdict").innerText'),
        /nothing is known of what came after/,
      )
    })

    await t.test('a failing page can be read by everybody, too', async (t) => {
      const copy: any = structuredClone(short.record)
      copy.statements[40].statement.hourly_buckets[0].return_pct += 1
      for (const scheme of ['light', 'dark'] as const) {
        const page = await open(shortSheet(copy), { scheme })
        await page.verdict()
        await accessible(t, page)
      }
    })

    await t.test('evidence under the makers’ own roots, as the shipped page knows them', async (t) => {
      const page = await open(tearsheetOf(pageAssets(), shortInPercent, options))
      t.equal(await page.verdict(), 'broken', 'a faked machine is no machine')
      t.match(await page.evaluate('document.querySelector("#verdict").innerText'), /CHAIN_ROOT_UNKNOWN/)
    })

    await t.test('a simulated enclave', async (t) => {
      const simulated = await makeRecord(t.testdir(), { hours: 30, tee: 'simulated' })
      const text = tearsheetOf(pageAssets(), await publicRecordOf(simulated.record), {
        ...options,
        policy: null,
        insecureSimulated: true,
      })
      const page = await open(text)
      t.equal(await page.verdict(), 'untrusted')
      t.match(
        await page.evaluate('document.querySelector(".ribbon").innerText'),
        /^SIMULATED Simulated enclave/,
      )
      t.match(await page.evaluate('document.querySelector("#rolling").innerText'), /too few/)
      await accessible(t, page)
    })

    await t.test('without cryptography nothing is claimed', async (t) => {
      const page = await open(shortSheet(short.record), {
        before: 'Object.defineProperty(Crypto.prototype, "subtle", { get: () => undefined })',
      })
      t.equal(await page.verdict(), 'unable')
      const words = await page.evaluate<string>('document.body.innerText')
      t.match(words, /Nothing was verified/)
      t.notMatch(words, /Sharpe|%/)
    })
  },
)

/** Every picture has something on it. */
async function drawn(t: Test, page: Page): Promise<void> {
  await page.until('document.querySelectorAll("canvas").length >= 4')
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  const inked = await page.evaluate<number[]>(`[...document.querySelectorAll('canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let count = 0
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count += 1
    return count
  })`)
  t.ok(
    inked.every((count) => count > 1_000),
    `pixels drawn: ${inked.join(', ')}`,
  )
  const counts = await page.evaluate<Record<string, number>>(`({
    months: document.querySelectorAll('.months td[class^=gain], .months td[class^=loss]').length,
    days: document.querySelectorAll('rect.day:not(.none)').length,
    strokes: document.querySelectorAll('line.stroke').length,
    bars: document.querySelectorAll('#distribution rect.bar').length,
    hours: document.querySelectorAll('#day-hours rect.bar').length,
    coverage: document.querySelectorAll('#coverage rect.accent').length,
    missing: document.querySelectorAll('#coverage rect.missing').length,
    steps: document.querySelectorAll('.steps tbody tr').length,
    figures: document.querySelectorAll('.figures tbody tr').length,
  })`)
  t.ok(
    Object.values(counts).every((count) => count >= 1),
    JSON.stringify(counts),
  )
}

async function refused(t: Test, page: Page, name: string): Promise<void> {
  t.match(await page.evaluate('document.title'), /^✗ Does not hold/, name)
  t.equal(
    await page.evaluate('document.querySelectorAll("canvas, .months, #equity").length'),
    0,
    `${name}: no picture`,
  )
  const cards = await page.evaluate<string[]>(
    '[...document.querySelectorAll(".card dd")].map((each) => each.innerText)',
  )
  t.ok(cards.length > 0 && cards.every((text) => text === 'withdrawn'), `${name}: no figure`)
  t.notMatch(await page.evaluate('document.body.innerText'), /% linked/, `${name}: not even in the steps`)
  t.strictSame(page.complaints, [], name)
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** By the rules of WCAG 2.2 A and AA that a program can check, contrast among them. */
async function accessible(t: Test, page: Page): Promise<void> {
  await page.evaluate(axe)
  const found = await page.evaluate<readonly string[]>(`axe
    .run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => violations.map(({ id, nodes }) =>
      [id, ...nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary)].join(' | ')))`)
  t.strictSame(found, [], 'accessible')
}
