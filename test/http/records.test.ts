import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import t from 'tap'
import { badgeOf } from '../../src/page/badge.ts'
import { pageAssets } from '../../src/page/assets.ts'
import { openHouse, publicSummary, standStill } from './fixture.ts'

/** What everybody may fetch of a public record: by whom it may be shown, how long kept, and what it says when it is old. */

const { account } = publicSummary

t.test('a record that is shown', async (t) => {
  const { listeners, service } = await openHouse(t)
  service.shown.set(account, publicSummary)
  const url = `${listeners.enclaveUrl}/record/${account}`

  const page = await fetch(url)
  const html = await page.text()
  const policy = page.headers.get('content-security-policy') ?? ''
  const script = /<script>(.*?)<\/script>/s.exec(html)?.[1] ?? ''
  const digest = createHash('sha256').update(script).digest('base64')
  t.ok(policy.includes(`script-src 'sha256-${digest}'`), 'the one script that may run')
  t.match(policy, /connect-src 'self'/)
  t.equal(script, pageAssets().script)
  t.match(page.headers.get('cache-control'), /max-age=60/)
  t.match(html, `<meta property="og:title" content="track record AAAAAAAA…AAAAAA">`)
  t.match(html, `content="+12.49 % to 2026-11-23. The page verifies itself`)
  t.notMatch(html, /https?:\/\/(?!127\.0\.0\.1|www\.w3\.org|github\.com)/, 'nothing from elsewhere')

  const json = await fetch(`${url}.json`)
  t.equal(json.headers.get('access-control-allow-origin'), '*')
  t.equal(((await json.json()) as { account: string }).account, account)
  t.equal((await fetch(`${url}.json?after=1`)).status, 400)
  t.equal((await fetch(`${url}.json?x=1`)).status, 400)

  const badge = await fetch(`${url}/badge.svg`)
  t.match(badge.headers.get('content-type'), 'image/svg+xml')
  t.equal(badge.headers.get('cross-origin-resource-policy'), 'cross-origin')
  t.equal(await badge.text(), badgeOf(publicSummary))

  const picture = Buffer.from(await (await fetch(`${url}/og.png`)).arrayBuffer())
  const data = picture.subarray(picture.indexOf('IDAT') + 4)
  t.equal(inflateSync(data).length, (1_200 * 3 + 1) * 630, 'a whole picture')
  for (const end of ['/x', '/badge.png', '.xml', '.json/x'])
    t.equal((await fetch(url + end)).status, 404, end)
})

t.test('unknown, not shown, and no account at all are answered alike', async (t) => {
  const { listeners } = await openHouse(t)
  const answers = await Promise.all(
    ['A'.repeat(43), 'B'.repeat(43), 'x', 'A'.repeat(44)].map(async (name) => {
      const response = await fetch(`${listeners.enclaveUrl}/record/${name}`)
      return [response.status, await response.text()]
    }),
  )
  t.strictSame(new Set(answers.map(String)).size, 1)
  t.equal(answers[0]![0], 404)
})

t.test('no more than the enclave has the time for', async (t) => {
  const { listeners, service } = await openHouse(t, { http: { recordsPerSecond: 2 } })
  standStill(t)
  service.shown.set(account, publicSummary)
  const statuses = []
  for (let count = 0; count < 5; count += 1) {
    statuses.push((await fetch(`${listeners.enclaveUrl}/record/${account}.json`)).status)
  }
  t.ok(statuses.includes(429), statuses.join(' '))
})

t.test('a badge says up to when it speaks, and when it must not be believed any more', async (t) => {
  t.match(badgeOf(publicSummary), /\+12\.49 % to 2026-11-23 14:00 UTC/)
  t.match(badgeOf({ ...publicSummary, stale: true }), /stale since 2026-11-23 14:00 UTC/)
  t.notMatch(badgeOf({ ...publicSummary, stale: true }), /12\.49/, 'an old figure is no figure')
  t.match(badgeOf({ ...publicSummary, withdrawnAtMs: Date.UTC(2026, 10, 20) }), /withdrawn 2026-11-20/)
  t.match(badgeOf({ ...publicSummary, simulated: true }), /SIMULATED \+12\.49 %/)
  t.match(badgeOf({ ...publicSummary, environment: 'self-reported' }), /SELF-REPORTED/)
  t.match(badgeOf({ ...publicSummary, untilMs: null }), /no hour yet/)
  t.notMatch(badgeOf(publicSummary), /<script|style=|https?:\/\/(?!www\.w3\.org)/)
})
