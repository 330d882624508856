/** Numbers and times as the page, the badge and the picture write them. */

/** A true minus sign, digits by size: −12.3 %, 0.042 %. */
export function percentText(pct: number | null, sign = false): string {
  if (pct === null || !Number.isFinite(pct)) return '–'
  return `${signedText(pct, digitsOf(pct), sign)} %`
}

export function ratioText(value: number | null): string {
  return value === null || !Number.isFinite(value) ? '–' : signedText(value, 2, false)
}

export function countText(value: number): string {
  return signedText(value, 0, false)
}

export function moneyText(usd: number): string {
  return `${signedText(usd, 2, false)} USD`
}

function digitsOf(pct: number): number {
  const size = Math.abs(pct)
  if (size === 0 || size >= 100) return 1
  return size >= 0.1 ? 2 : 4
}

function signedText(value: number, digits: number, sign: boolean): string {
  const text = Math.abs(value).toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  if (!/[1-9]/.test(text)) return text
  return `${value < 0 ? '−' : sign ? '+' : ''}${text}`
}

/** `2026-09-03 14:00 UTC` */
export function timeText(atMs: number): string {
  const text = new Date(atMs).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`
}

export function dayText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

/** `not_enough_days` as a person reads it. */
export function wordsOf(code: string): string {
  return code.replaceAll(/[_-]/g, ' ')
}

/** A long name shortened in the middle, for headings only. */
export function shortName(name: string): string {
  return name.length <= 16 ? name : `${name.slice(0, 8)}…${name.slice(-6)}`
}
