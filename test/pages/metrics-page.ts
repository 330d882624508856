import { cashFlowMeasures } from '../../src/accounting/metrics/cash-flow-measures.ts'
import { fillStatisticSet } from '../../src/accounting/metrics/fills/set.ts'
import { metricSet } from '../../src/accounting/metrics/set.ts'

/** Figures as the page of metrics tells of them: a line each, in the order of the code. */

export interface Figure {
  readonly name: string
  readonly formula: string
  readonly source: string
}

export const figuresOfCode: readonly Figure[] = [...metricSet, ...cashFlowMeasures, ...fillStatisticSet].map(
  ({ name, formula, source }) => ({ name, formula, source }),
)

export function lineOf({ name, formula, source }: Figure): string {
  return `- \`${name}\`: \`${formula}\`. ${source}.`
}

/** Lines of a page that tell of a figure by its formula. */
export function figureLines(page: string): string[] {
  return page.split('\n').filter((line) => /^- `[^`]+`: `[^`]+`\. /.test(line))
}
