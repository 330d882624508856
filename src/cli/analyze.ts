import { type Command, Option } from 'commander'
import { analyzeFills, type FillAnalysis } from '../accounting/fill-analysis.ts'
import { examples, jsonFlag } from './command.ts'
import { UsageError } from './failure.ts'
import { type InstrumentFlags, readFillsFile } from './fills-file.ts'
import { formatTable } from './table.ts'
import { paint, print, printJson } from './terminal.ts'

/** The metrics engine over a file of one's own. Nothing is sent anywhere. */

interface AnalyzeFlags extends InstrumentFlags {
  fills?: string
  json?: true
}

export function define(command: Command): void {
  examples(
    command,
    'perf-agg analyze --fills fills.json --json',
    'perf-agg analyze --fills fills.csv --base BTC --pnl-currency USDT --mark 42000',
  )
    .option('--fills <file>', 'fills of one instrument in order of execution, JSON or CSV, - for stdin')
    .addOption(new Option('--kind <kind>', 'of instrument (spot)').choices(['spot', 'linear', 'inverse']))
    .option('--base <asset>', "its base asset: a spot fee in it changes the position's size")
    .option(
      '--pnl-currency <asset>',
      'the currency of the profit: the quote, or the base of inverse contracts',
    )
    .option('--contract-size <n>', 'base or quote units of one contract (1)')
    .option('--mark <price>', 'values what is left of the position')
    .addOption(jsonFlag())
    .action(analyze)
}

function analyze(flags: AnalyzeFlags): void {
  if (flags.fills === undefined) {
    throw new UsageError('FILE_MISSING', 'there is nothing to analyze', {
      hint: 'perf-agg analyze --fills FILE',
    })
  }
  const { instrument, fills, mark } = readFillsFile(flags.fills, flags)
  const analysis = analyzeFills(instrument, fills, mark)
  if (flags.json) return printJson(analysis)
  print(formatAnalysis(analysis, instrument.pnlCurrency, fills.length))
}

function formatAnalysis(
  { fifo, average, fees_by_currency }: FillAnalysis,
  currency: string,
  count: number,
): string {
  const names = Object.keys(fifo) as (keyof typeof fifo)[]
  const table = formatTable(
    [
      { title: currency === '' ? 'amount' : `amount (${currency})`, align: 'left' },
      { title: 'first in, first out', align: 'right' },
      { title: 'average cost', align: 'right' },
    ],
    names.map((name) => [
      name.replaceAll('_', ' ').replace('pnl', 'P&L'),
      fifo[name] ?? '–',
      average[name] ?? '–',
    ]),
  )
  const fees = Object.entries(fees_by_currency).map(([asset, fee]) => `${fee} ${asset}`)
  return `${paint('bold', `${count} fills`)}\n${table}\n\nfees: ${fees.length === 0 ? 'none' : fees.join(', ')}`
}
