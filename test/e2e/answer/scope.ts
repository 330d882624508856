import type { Change, Purse, Truth } from '../../../src/simulator/truth.ts'

/**
 * What of the truth concerns some wallets of an account: what went between two of them is nothing, what went between
 * one of them and another wallet is value from or to outside.
 */
export function scopedTo(truth: Truth, wallets: readonly string[]): Truth {
  const changes = truth.changes.flatMap((change): Change[] => {
    const moves = change.moves.filter(({ purse }) => wallets.includes(walletOf(purse)))
    const internal = change.cause === 'transfer' && moves.length === change.moves.length && moves.length > 1
    return moves.length === 0 || internal ? [] : [{ ...change, moves }]
  })
  return {
    changes,
    markets: truth.markets,
    contracts: truth.contracts,
    historyMs: truth.historyMs,
    candle: (symbol, minuteMs) => truth.candle(symbol, minuteMs),
    mark: (symbol, minuteMs) => truth.mark(symbol, minuteMs),
  }
}

/** Cross and isolated margin are watched as one. */
function walletOf(purse: Purse = 'spot'): string {
  return /^(?:isolated|cross) /.test(purse) ? 'margin' : purse
}
