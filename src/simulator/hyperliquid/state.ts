import type { ContractDesk } from '../contract-desk.ts'
import type { Position } from '../position.ts'
import { fromUnits, toUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { coinOf, dexOf, perpCoin, tokenOf } from './name.ts'

/** What an address holds at an instant: each wallet of perpetuals by its cash, spot by its coins. */

export function clearinghouseState(
  contracts: ContractDesk,
  wallet: Wallet,
  dex: string,
  nowMs: number,
): unknown {
  const open = wallet.positions.filter(
    ({ quantity, contract }) => quantity !== 0n && contract.kind === 'linear' && dexOf(contract) === dex,
  )
  const rows = open.map((position) =>
    positionOf(position, BigInt(contracts.marks.at(position.contract, nowMs))),
  )
  const cost = open.reduce((sum, position) => sum + position.cost, 0n)
  const worth = rows.reduce((sum, { value }) => sum + value, 0n)
  const notional = rows.reduce((sum, { value }) => sum + (value < 0n ? -value : value), 0n)
  // where one wallet backs everything, so much of it as the positions need
  const held = wallet.unified ? notional / 10n : heldAt(contracts, wallet, dex)
  const cash = held - cost
  const summary = {
    accountValue: fromUnits(cash + worth),
    totalNtlPos: fromUnits(notional),
    totalRawUsd: fromUnits(cash),
    totalMarginUsed: fromUnits(notional / 10n),
  }
  return {
    marginSummary: summary,
    crossMarginSummary: summary,
    crossMaintenanceMarginUsed: fromUnits(notional / 80n),
    withdrawable: '0.0',
    assetPositions: rows.map(({ position }) => ({ type: 'oneWay', position })),
    time: nowMs,
  }
}

/** What was won and lost on somebody else's exchange lies there; everything else with its own. */
function heldAt(contracts: ContractDesk, wallet: Wallet, dex: string): bigint {
  const elsewhere = wallet.changes.flatMap(({ fill, symbol, moves }) => {
    const contract = contracts.find(fill?.symbol ?? symbol ?? '')
    return contract?.kind === 'linear' && dexOf(contract) !== '' ? moves : []
  })
  const units = elsewhere.reduce((sum, { amount }) => sum + toUnits(amount), 0n)
  return dex === '' ? wallet.balance('USDT', 'linear') - units : units
}

function positionOf(position: Position, mark: bigint): { value: bigint; position: unknown } {
  const { contract, quantity } = position
  const unrealized = position.unrealized(mark)
  const value = position.cost + unrealized
  return {
    value,
    position: {
      coin: perpCoin(contract),
      szi: fromUnits(quantity),
      leverage: { type: 'cross', value: 10 },
      // an average, with few places
      entryPx: position.entry(contract.tickDecimals),
      positionValue: fromUnits(value < 0n ? -value : value),
      unrealizedPnl: fromUnits(unrealized),
      returnOnEquity: '0.0',
      liquidationPx: null,
      marginUsed: fromUnits((value < 0n ? -value : value) / 10n),
      maxLeverage: 40,
      cumFunding: { allTime: '0.0', sinceOpen: '0.0', sinceChange: '0.0' },
    },
  }
}

export function spotClearinghouseState(wallet: Wallet): unknown {
  return {
    balances: wallet.held().map((asset) => ({
      coin: coinOf(asset),
      token: tokenOf(asset),
      total: fromUnits(wallet.balance(asset)),
      hold: fromUnits(wallet.locked(asset)),
      entryNtl: '0.0',
    })),
    ...(wallet.unified ? { tokenToAvailableAfterMaintenance: [[0, '1.0']] } : {}),
  }
}
