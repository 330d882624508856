import type { ContractDesk } from '../contract-desk.ts'
import type { ContractListing } from '../contract.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'

/** bitget's contracts: perpetuals paid in USDT and counted in base units; its other products are empty here. */

export function contractsOf({ contracts }: ContractDesk, product: string): readonly ContractListing[] {
  if (product !== 'USDT-FUTURES') return []
  return contracts.filter(({ kind, deliveryMs }) => kind === 'linear' && deliveryMs === null)
}

export function contractId({ base, quote }: Pick<ContractListing, 'base' | 'quote'>): string {
  return base + quote
}

export function contractInfo(contract: ContractListing): unknown {
  return {
    symbol: contractId(contract),
    baseCoin: contract.base,
    quoteCoin: contract.quote,
    supportMarginCoins: [contract.settle],
    minTradeNum: fromUnits(10n ** BigInt(8 - contract.stepDecimals)),
    priceEndStep: '1',
    volumePlace: String(contract.stepDecimals),
    pricePlace: String(contract.tickDecimals),
    sizeMultiplier: fromUnits(10n ** BigInt(8 - contract.stepDecimals)),
    symbolType: 'perpetual',
    symbolStatus: 'normal',
    offTime: '-1',
    deliveryTime: '',
    fundInterval: '8',
  }
}

/** Places of an average entry, and of what is open above it; equity is rounded to those of a coin. */
const places = 12

export function positionRows(wallet: Wallet, desk: ContractDesk, product: string, nowMs: number): unknown[] {
  const own = new Set(contractsOf(desk, product))
  return wallet.positions
    .filter(({ contract, quantity }) => own.has(contract) && quantity !== 0n)
    .map((position) => {
      const { contract, quantity, side } = position
      const mark = BigInt(desk.marks.at(contract, nowMs))
      const size = quantity < 0n ? -quantity : quantity
      return {
        marginCoin: contract.settle,
        symbol: contractId(contract),
        holdSide: quantity < 0n ? 'short' : 'long',
        total: fromUnits(size),
        available: fromUnits(size),
        locked: '0',
        leverage: '10',
        openPriceAvg: position.entry(places),
        marginMode: 'crossed',
        posMode: side === 'both' ? 'one_way_mode' : 'hedge_mode',
        unrealizedPL: `${fromUnits(position.unrealized(mark))}0000`,
        markPrice: fromUnits(mark),
        assetMode: 'single',
        cTime: String(position.changedMs),
        uTime: String(position.changedMs),
      }
    })
}

export function accountRows(wallet: Wallet, desk: ContractDesk, product: string, nowMs: number): unknown[] {
  if (product === 'USDC-FUTURES') return [emptyRow('USDC')]
  if (product === 'COIN-FUTURES') return ['BTC', 'ETH'].map(emptyRow)
  const gain = desk.unrealizedOf(wallet, nowMs).get('USDT') ?? 0n
  const held = wallet.balance('USDT', 'linear')
  return [
    {
      marginCoin: 'USDT',
      locked: '0',
      available: fromUnits(held),
      accountEquity: fromUnits(held + gain),
      usdtEquity: fromUnits(held + gain),
      unrealizedPL: gain === 0n ? '' : `${fromUnits(gain)}0000`,
      coupon: '0',
      assetMode: 'single',
      assetList: null,
    },
  ]
}

function emptyRow(marginCoin: string): unknown {
  return { marginCoin, locked: '0', available: '0', accountEquity: '0', unrealizedPL: '', coupon: '0' }
}
