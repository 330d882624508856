/** A measurement with what limits it beside it. */
export interface Measurement {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The best that is known, measured in the same run where it could be; null where its program is not there. */
  readonly limit: { readonly name: string; readonly value: number } | null
  readonly goal: string
  /** Null where the goal is against a program that is not there. */
  readonly reached: boolean | null
}

export interface Bench {
  readonly name: string
  /** Fewer and smaller when `quick`: only what is right is looked at then. @throws where something is wrong */
  readonly run: (quick: boolean) => readonly Measurement[] | Promise<readonly Measurement[]>
}

/** value / limit. */
export function ratioOf({ value, limit }: Measurement): number | null {
  return limit === null ? null : value / limit.value
}

export function formatMeasurements(rows: readonly Measurement[]): string {
  const cells = [
    ['what', 'measured', 'limit', 'ratio', 'goal', ''],
    ...rows.map((row) => {
      const ratio = ratioOf(row)
      return [
        row.name,
        `${short(row.value)} ${row.unit}`,
        row.limit === null ? 'not there' : `${short(row.limit.value)} ${row.unit} (${row.limit.name})`,
        ratio === null ? '' : `${short(ratio)}x`,
        row.goal,
        row.reached === null ? '' : row.reached ? 'reached' : 'NOT reached',
      ]
    }),
  ]
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(3)
}
