import type { ContractDesk } from '../contract-desk.ts'
import { fromUnits } from '../units.ts'
import type { Wallet } from '../wallet.ts'
import { accountOf, coinName, contractName } from './name.ts'

/** What an account at krakenfutures holds now. */

const numberOf = (units: bigint): number => Number(fromUnits(units))

export function accountsOf(contracts: ContractDesk, wallet: Wallet): object {
  const accounts: Record<string, Record<string, unknown>> = {
    cash: { type: 'cashAccount', balances: balancesOf(wallet, 'spot') },
    flex: {
      type: 'multiCollateralMarginAccount',
      currencies: Object.fromEntries(
        Object.entries(balancesOf(wallet, 'linear')).map(([name, quantity]) => [
          name.toUpperCase(),
          { quantity, available: quantity },
        ]),
      ),
    },
  }
  for (const contract of contracts.contracts) {
    const { settle, kind } = contract
    if (kind !== 'inverse') continue
    const name = accountOf('inverse', settle)
    const before = accounts[name]?.['balances'] as object | undefined
    const quantity = wallet.position(contract, 'both').quantity
    accounts[name] = {
      type: 'marginAccount',
      currency: coinName(settle),
      balances: {
        ...before,
        [contractName(contract)]: numberOf(quantity),
        [coinName(settle)]: numberOf(wallet.balance(settle, 'inverse')),
      },
    }
  }
  return accounts
}

function balancesOf(wallet: Wallet, purse: 'spot' | 'linear'): Record<string, number> {
  return Object.fromEntries(
    wallet.held(purse).map((asset) => [coinName(asset), numberOf(wallet.balance(asset, purse))]),
  )
}

function pnlCurrencyOf({ profitIn }: Wallet, { symbol }: { readonly symbol: string }): object {
  const asset = profitIn[symbol]
  return asset === undefined ? {} : { pnlCurrency: asset }
}

export function openPositionsOf(wallet: Wallet): object[] {
  return wallet.positions
    .filter(({ quantity }) => quantity !== 0n)
    .map((position) => ({
      side: position.quantity < 0n ? 'short' : 'long',
      symbol: contractName(position.contract),
      price: Number(position.entry(10)),
      fillTime: new Date(position.changedMs).toISOString(),
      size: Math.abs(numberOf(position.quantity)),
      unrealizedFunding: 0,
      ...pnlCurrencyOf(wallet, position.contract),
    }))
}
