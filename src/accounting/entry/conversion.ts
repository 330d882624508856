import { signOf } from '@perf-agg/sdk'
import { Refusal, readAmount, readAsset, readId, readInstant, readOneOf } from './door.ts'
import type { ConversionEntry } from './entry.ts'
import type { Conversion } from '../observation.ts'

/**
 * Dust and convert: assets given away and assets received at one instant. Performance, but no trade.
 * @throws {Refusal}
 */
export function readConversion(conversion: Conversion, latestMs: number): ConversionEntry {
  const id = readId(conversion.id)
  const kind = readOneOf(conversion.conversion, ['dust', 'convert'], 'conversion-unknown')
  const { changes } = conversion
  if (!Array.isArray(changes) || changes.length === 0 || changes.length > 1_000) {
    throw new Refusal('changes-not-a-list')
  }
  return {
    kind: 'conversion',
    key: JSON.stringify(['conversion', kind, id]),
    id,
    atMs: readInstant(conversion.atMs, latestMs),
    conversion: kind,
    changes: changes
      .map((change) => ({ asset: readAsset(change.asset), amount: readAmount(change.amount) }))
      .filter((change) => signOf(change.amount) !== 0),
  }
}
