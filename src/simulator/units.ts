/** Amounts as the exchange keeps them: whole units of 10^-8 in a bigint, written with exactly eight places. */
export const unitDecimals = 8
const one = 100_000_000n

/** @throws {RangeError} on anything but a plain decimal with at most eight places */
export function toUnits(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,8}))?$/.exec(text)
  if (match === null) throw new RangeError(`not an amount with at most eight places: ${text.slice(0, 40)}`)
  const units = BigInt(match[2]!) * one + BigInt((match[3] ?? '').padEnd(8, '0'))
  return match[1] === '-' ? -units : units
}

export function fromUnits(units: bigint): string {
  const size = units < 0n ? -units : units
  return `${units < 0n ? '-' : ''}${size / one}.${(size % one).toString().padStart(8, '0')}`
}

/** The value of `units` at a price in units, truncated as the exchange does. */
export function timesPrice(units: bigint, priceUnits: bigint): bigint {
  return (units * priceUnits) / one
}
