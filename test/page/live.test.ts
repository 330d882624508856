import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { newSigningKey } from '@perf-agg/sdk'
import t from 'tap'
import { findChromium } from '../browser/chromium.ts'
import { Browser } from '../browser/devtools.ts'
import { House } from '../e2e/house.ts'
import { tradeHours } from '../e2e/traded-hours.ts'

/** The public page as an enclave serves it, in headless Chromium. */

const program = findChromium()

t.test('a public page, live', { skip: program === null ? 'no Chromium here' : false }, async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/live-page-`)
  const browser = await Browser.start(program!, folder)
  t.teardown(() => {
    browser.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  })
  const house = await House.open(t, { config: { grace_seconds: 0 } })
  const { client } = house
  const clientKey = await newSigningKey()
  const { access, receipt } = await client.register({
    clientId: 'trader-1',
    exchange: 'mock',
    credentials: {},
    clientKey,
    insecureSimulated: true,
  })
  await tradeHours(t, house, access, clientKey, [5, 4, 3])
  await client.publish(access.sessionId, clientKey)
  const url = `${house.daemon.urls.enclave}/record/${receipt.account}`

  const page = await browser.open(url)
  t.equal(await page.verdict(), 'untrusted', 'no policy has been given')
  t.strictSame(page.asked, [url, `${url}.json`], 'it asks for its record and for nothing else')
  t.strictSame(page.complaints, [])
  const words = await page.evaluate<string>('document.body.innerText')
  t.match(words, /SIMULATED Simulated enclave: it protects nothing[^]*trades the client reported itself/)
  t.match(words, /Account \S+ at mock \(self-reported\)/)
  t.match(words, /statements 1 to 4 follow each other/)
  t.match(words, /Served live by the enclave/)
  t.notMatch(words, /\d USD|trader-1/)

  await client.unpublish(access.sessionId, clientKey)
  const withdrawn = await browser.open(`${url}?again`)
  t.equal(await withdrawn.verdict().catch(() => 'none'), 'untrusted')
  t.match(await withdrawn.evaluate('document.body.innerText'), /Withdrawn by its owner on 20\d\d-/)
})
