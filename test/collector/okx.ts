import { hourMs, minuteMs } from '@perf-agg/sdk'
import type { Test } from 'tap'
import type { Observation, Wallet } from '../../src/accounting/observation.ts'
import { type Served, type ServedExchange, serveExchange } from './served.ts'

/** An okx account with nothing in it but a thousand, for tests to say otherwise. */

export const nowMs = Date.UTC(2026, 0, 5, 12)
export const everything: readonly Wallet[] = ['spot', 'margin', 'linear', 'inverse']
const credentials = { api_key: 'key', secret: 'c2VjcmV0', passphrase: 'phrase' }

export function good(data: readonly unknown[]): object {
  return { code: '0', msg: '', data }
}

export function balance(details: readonly object[]): object {
  return good([{ totalEq: '1', uTime: String(nowMs), details }])
}

export const config = { perm: 'read_only', acctLv: '2', uid: '44705892343619584' }

export const contracts = [
  ['SWAP', 'BTC-USDT-SWAP', 'linear', '0.01', 'BTC', 'USDT'],
  ['SWAP', 'BTC-USD-SWAP', 'inverse', '100', 'USD', 'BTC'],
  ['SWAP', 'ETH-USD-SWAP', 'inverse', '10', 'USD', 'ETH'],
  ['FUTURES', 'BTC-USDT-260327', 'linear', '0.01', 'BTC', 'USDT'],
].map(([instType, instId, ctType, ctVal, ctValCcy, settleCcy]) => ({
  instType,
  instId,
  ctType,
  ctVal,
  ctMult: '1',
  ctValCcy,
  settleCcy,
  state: 'live',
}))

function instruments(url: URL): object {
  const type = url.searchParams.get('instType')
  const pair = { instType: 'SPOT', instId: 'BTC-USDT', baseCcy: 'BTC', quoteCcy: 'USDT', state: 'live' }
  return good(type === 'SPOT' ? [pair] : contracts.filter(({ instType }) => instType === type))
}

export function usualAt(atMs: number): Readonly<Record<string, Served>> {
  return {
    '/api/v5/public/time': good([{ ts: String(atMs) }]),
    '/api/v5/public/instruments': instruments,
    '/api/v5/account/config': good([config]),
    '/api/v5/account/balance': balance([{ ccy: 'USDT', cashBal: '1000', eq: '1000' }]),
    '/api/v5/account/positions': good([]),
    '/api/v5/account/bills': good([]),
    '/api/v5/account/bills-archive': good([]),
    '/api/v5/trade/fills': good([]),
    '/api/v5/trade/fills-history': good([]),
    '/api/v5/asset/balances': good([]),
    '/api/v5/asset/bills': good([]),
    '/api/v5/asset/bills-history': good([]),
    '/api/v5/asset/deposit-history': good([]),
    '/api/v5/asset/withdrawal-history': good([]),
    '/api/v5/asset/convert/history': good([]),
    '/api/v5/trade/easy-convert-history': good([]),
    '/api/v5/account/positions-history': good([]),
  }
}

export function serve(
  t: Test,
  answers: Readonly<Record<string, Served>> = {},
  more: { readonly atMs?: number; readonly sinceMs?: number; readonly wallets?: readonly Wallet[] } = {},
) {
  const { atMs = nowMs, sinceMs = atMs - hourMs, wallets: marketTypes = everything } = more
  return serveExchange(t, 'okx', {
    nowMs: atMs,
    sinceMs,
    answers: { ...usualAt(atMs), ...answers },
    credentials,
    marketTypes,
  })
}

export async function observed(exchange: ServedExchange, t: Test): Promise<Observation | null> {
  const answer = await exchange.poll()
  if (answer.kind === 'observed') return answer.observation
  t.fail(answer.code, { answer })
  return null
}

let bills = 0
export function bill(type: string, subType: string, ccy: string, balChg: string, more: object = {}): object {
  bills += 1
  return {
    billId: String(623_950_854_533_513_000 + bills * 1_000),
    type,
    subType,
    ccy,
    balChg,
    ts: String(nowMs - minuteMs),
    ...more,
  }
}
