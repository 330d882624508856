import { dayText, percentText, timeText } from './figure-text.ts'
import { escaped } from './shell.ts'
import { caveatOf, type PublicSummary } from './summary.ts'

/**
 * A badge for other pages. A picture can't verify anything, so it claims nothing but what the enclave says and up to
 * when it says so: a copy that somebody kept shows its age.
 */
export function badgeOf(summary: PublicSummary): string {
  const { text, tone } = messageOf(summary)
  const label = 'track record'
  const caveat = caveatOf(summary)
  const message = caveat === null ? text : `${caveat} ${text}`
  const [left, right] = [widthOf(label), widthOf(message)]
  const title = escaped(`${label}: ${message}`)
  const words = (x: number, content: string): string =>
    `<text x="${x}" y="14.5" text-anchor="middle" fill="#fff">${escaped(content)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="22" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${left + right}" height="22" rx="4" fill="#2b3340"/>`,
    `<path d="M${left} 0h${right - 4}a4 4 0 0 1 4 4v14a4 4 0 0 1 -4 4h-${right - 4}z" fill="${tone}"/>`,
    '<g font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">',
    words(left / 2, label),
    words(left + right / 2, message),
    '</g></svg>\n',
  ].join('')
}

function messageOf(summary: PublicSummary): { readonly text: string; readonly tone: string } {
  const { withdrawnAtMs, stale, untilMs, returnPct } = summary
  if (withdrawnAtMs !== null) return { text: `withdrawn ${dayText(withdrawnAtMs)}`, tone: '#6b4a00' }
  if (untilMs === null) return { text: stale ? 'stale' : 'no hour yet', tone: '#4b5563' }
  if (stale) return { text: `stale since ${timeText(untilMs)}`, tone: '#8a1c1c' }
  const text = `${percentText(returnPct, true)} to ${timeText(untilMs)}`
  return { text, tone: caveatOf(summary) === null ? '#0f6b3a' : '#6b4a00' }
}

/** Of Verdana at 11, near enough, with a margin on both sides. */
function widthOf(text: string): number {
  const narrow = [...text].filter((letter) => /[ilI.,:|' 1]/.test(letter)).length
  return Math.ceil(text.length * 7 - narrow * 2.4 + 14)
}
