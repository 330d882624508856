import { compare, type Decimal, multiply, negate, parseDecimal, round, subtract, toText } from '@perf-agg/sdk'
import type { CashFlow, Conversion, Fill, Income, Wallet } from '../../accounting/observation.ts'
import { cashEntryOfContract, type Entry, entryOfConversion, entryOfFill } from '../explain.ts'
import { sumOf } from '../holding.ts'
import type { Reading } from '../ledger-poll.ts'
import { type Dex, dexNameOf, isOutcome, isSpot, type Market, perpOf } from './listing.ts'
import type { Funding, Trade, Update } from './row.ts'
import { effectOf } from './update.ts'

export interface Told {
  readonly trades: readonly Trade[]
  readonly fundings: readonly Funding[]
  readonly updates: readonly Update[]
}

export interface Watch {
  /** The account's own address, in small letters. */
  readonly user: string
  readonly wallets: readonly Wallet[]
  readonly listingOf: (coin: string) => Market | undefined
  /** Exchanges of perpetuals within it that are read, its own among them. */
  readonly dexes: ReadonlyMap<string, Dex>
}

/** What hyperliquid's lists mean for the wallets that are watched; `strange` are markets that nobody knows. */
export function tell(
  { trades, fundings, updates }: Told,
  { user, wallets, listingOf, dexes }: Watch,
): Omit<Reading, 'cutAtMs'> & { readonly strange: readonly string[] } {
  const [hasPerps, hasSpot] = [wallets.includes('linear'), wallets.includes('spot')]
  const fills: Fill[] = []
  const conversions: Conversion[] = []
  const entries: Entry[] = []
  const strange: string[] = []
  for (const trade of trades) {
    const spot = isSpot(trade.coin)
    const dex = dexes.get(dexNameOf(trade.coin))
    if (isOutcome(trade.coin) || (spot ? !hasSpot : !hasPerps || dex === undefined)) continue
    const listing = listingOf(trade.coin) ?? (dex === undefined || spot ? undefined : perpOf(trade.coin, dex))
    if (listing === undefined) {
      strange.push(`fills.${trade.coin.replaceAll(/\W/g, '')}`)
    } else if (trade.direction === dustDirection) {
      const conversion = dustOf(trade, listing)
      conversions.push(conversion)
      entries.push(entryOfConversion(conversion))
    } else {
      const fill = fillOf(trade, listing, user)
      fills.push(fill)
      entries.push(spot ? entryOfFill(fill) : cashEntryOfContract(fill))
    }
  }
  const incomes: Income[] = []
  for (const { id, coin, amount, atMs } of hasPerps ? fundings : []) {
    const asset = dexes.get(dexNameOf(coin))?.settle
    if (asset === undefined) continue
    entries.push({ atMs, changes: [[asset, parseDecimal(amount)]] })
    if (/[1-9]/.test(amount)) incomes.push({ id, income: 'funding', asset, amount, atMs })
  }
  const flows: CashFlow[] = []
  for (const update of updates) {
    const effect = effectOf(update, { user, isRead: (name) => dexes.has(name) })
    if (effect === null) continue
    const own = effect.changes.filter(({ wallet }) => (wallet === 'perp' ? hasPerps : hasSpot))
    // between the two that are watched nothing is left
    const changes = sumOf(own.map(({ asset, amount }) => ({ asset, amount: toText(amount) })))
    const { atMs } = update
    if (changes.length > 0)
      entries.push({ atMs, changes: changes.map(({ asset, amount }) => [asset, parseDecimal(amount)]) })
    for (const { asset, amount } of effect.flow === null ? [] : changes) {
      const id = `${update.id}.${asset}`
      flows.push({ id, flow: effect.flow ?? 'transfer', asset, amount, atMs, atEstimated: false })
    }
  }
  return { fills, flows, conversions, incomes, entries, pending: false, strange }
}

function fillOf(trade: Trade, { type, symbol, base, quote }: Market, user: string): Fill {
  const { id, side, price, size, fee, feeAsset, atMs } = trade
  return {
    id,
    market: type,
    symbol,
    base,
    quote,
    side,
    price,
    quantity: size,
    quoteQuantity: toText(multiply(parseDecimal(price), parseDecimal(size))),
    fees: sumOf([{ asset: isNameOf(feeAsset, base) && type === 'spot' ? base : feeAsset, amount: fee }]),
    atMs,
    execution: executionOf(trade, user),
    ...(type === 'linear' ? { terms: { size: '1', settle: quote } } : {}),
  }
}

/** A fee is told by the coin's name, which may be another's too. */
function isNameOf(name: string, base: string): boolean {
  return base.startsWith(`${name}-`) && /^\d+$/.test(base.slice(name.length + 1))
}

/** Whoever takes over a liquidated position has a fill like any other. */
function executionOf({ liquidated, direction }: Trade, user: string): Fill['execution'] {
  if (liquidated === user || /liquidat/i.test(direction)) return 'liquidation'
  if (/deleverag/i.test(direction)) return 'adl'
  // no order of the account's: a delisted market, or a vault's positions set off against those of its parts
  if (/^settlement|^net child vaults/i.test(direction)) return 'settlement'
  return 'trade'
}

const dustDirection = 'Spot Dust Conversion'

/** What is too little to be sold is changed by the exchange. */
function dustOf({ id, side, price, size, fee, feeAsset, atMs }: Trade, { base, quote }: Market): Conversion {
  const quantity = parseDecimal(size)
  const worth = wholeUnits(multiply(parseDecimal(price), quantity))
  const sold = side === 'sell'
  const changes = sumOf([
    { asset: base, amount: toText(sold ? negate(quantity) : quantity) },
    { asset: quote, amount: toText(sold ? worth : negate(worth)) },
    { asset: feeAsset, amount: toText(negate(parseDecimal(fee))) },
  ])
  return { id, conversion: 'dust', changes, atMs }
}

/** Balances there have eight places at most, and what does not fill the last of them is not paid. */
const unitPlaces = 8
const unit = parseDecimal(`0.${'1'.padStart(unitPlaces, '0')}`)

function wholeUnits(amount: Decimal): Decimal {
  const nearest = round(amount, unitPlaces)
  return compare(nearest, amount) > 0 ? subtract(nearest, unit) : nearest
}
