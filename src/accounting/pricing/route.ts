import type { Market } from '../observation.ts'
import type { Rules } from '../rules.ts'

/** The market that prices an asset, and the asset in which it does. */
export interface Route {
  readonly symbol: string
  readonly bridge: string
  /** The market sells the bridge for the asset (`USDT/TRY` for TRY): one over its price. */
  readonly inverse: boolean
}

interface Listed {
  readonly symbol: string
  readonly active: boolean
}

/** The exchange's spot markets by base and quote. */
export class MarketList {
  readonly #byPair = new Map<string, Listed>()

  constructor(markets: readonly Market[]) {
    for (const market of markets) {
      if (market.type !== 'spot') continue
      const pair = pairOf(market.base, market.quote)
      const known = this.#byPair.get(pair)
      if (known === undefined || (!known.active && market.active)) {
        this.#byPair.set(pair, { symbol: market.symbol, active: market.active })
      }
    }
  }

  find(base: string, quote: string): Listed | null {
    return this.#byPair.get(pairOf(base, quote)) ?? null
  }
}

const pairOf = (base: string, quote: string): string => `${base} ${quote}`

/**
 * The way from an asset towards USD: the first bridge, in the order of the rules, against which it trades; markets
 * that trade come before markets that do not any more, the asset's own markets before those turned round. A bridge
 * looks only at bridges before it, so that no way leads in a circle.
 */
export function findRoute(asset: string, markets: MarketList, rules: Rules): Route | null {
  const own = rules.bridges.indexOf(asset)
  const bridges = own < 0 ? rules.bridges : rules.bridges.slice(0, own)
  for (const active of [true, false]) {
    for (const inverse of [false, true]) {
      for (const bridge of bridges) {
        const market = inverse ? markets.find(bridge, asset) : markets.find(asset, bridge)
        if (market !== null && market.active === active) return { symbol: market.symbol, bridge, inverse }
      }
    }
  }
  return null
}

/** Whether a route's market still trades. */
export function isActive(asset: string, route: Route, markets: MarketList): boolean {
  const market = route.inverse ? markets.find(route.bridge, asset) : markets.find(asset, route.bridge)
  return market?.active === true
}
