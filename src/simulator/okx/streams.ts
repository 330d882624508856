import { createHmac } from 'node:crypto'
import { secondMs } from '@perf-agg/sdk'
import type { Exchange } from '../exchange.ts'
import { isSame } from '../signature.ts'
import type { Peer, StreamProtocol, StreamServer } from '../streams.ts'
import type { Change } from '../truth.ts'
import { fromUnits } from '../units.ts'
import type { FillRecord, Wallet } from '../wallet.ts'
import { contractId, instTypeOf } from './contract.ts'
import { pairIdOf } from './pair.ts'

/** okx's private stream: a signed `login`, then channels; orders as they are filled, and the account's coins. */

const windowMs = 30 * secondMs

interface Options {
  readonly exchange: Pick<Exchange, 'contracts'>
  readonly wallets: ReadonlyMap<string, Wallet>
  readonly passphrase: string
  readonly serverMs: () => number
}

interface Refused {
  readonly code: string
  readonly msg: string
}

export class OkxStreams implements StreamProtocol {
  readonly #options: Options
  /** What was asked for beside the stream. */
  readonly strangeMethods: string[] = []

  constructor(options: Options) {
    this.#options = options
  }

  connect(url: URL, peer: Peer): StreamServer | null {
    if (url.pathname !== '/ws/v5/private') return null
    const channels = new Set<string>()
    let end = (): void => {}
    let owner: Wallet | null = null
    const refuse = (refused: Refused): void =>
      peer.answer({ event: 'error', ...refused, connId: 'simulated' })
    return {
      heard: (text) => {
        if (text === 'ping') return peer.answer('pong')
        const { op, args } = readRequest(text)
        if (op === 'login') {
          const wallet = this.#login(args[0] ?? {})
          if ('code' in wallet) return refuse(wallet)
          owner = wallet
          end()
          end = wallet.watch((change, fill) => this.#tell(peer, channels, wallet, change, fill))
          return peer.answer({ event: 'login', msg: '', code: '0', connId: 'simulated' })
        }
        if (op !== 'subscribe') {
          this.strangeMethods.push(op)
          return refuse({ code: '60012', msg: 'Illegal request' })
        }
        if (owner === null) return refuse({ code: '60011', msg: 'Please log in' })
        for (const arg of args) {
          const channel = String(arg['channel'])
          if (channel !== 'orders' && channel !== 'account') {
            return refuse({ code: '60018', msg: 'Wrong URL or channel' })
          }
          channels.add(channel)
          peer.answer({ event: 'subscribe', arg, connId: 'simulated' })
          if (channel === 'account') peer.answer(accountOf(owner, owner.held(), this.#options.serverMs()))
        }
      },
      gone: () => end(),
    }
  }

  /** The account, or why not. */
  #login(given: Readonly<Record<string, unknown>>): Wallet | Refused {
    const { wallets, passphrase, serverMs } = this.#options
    const wallet = wallets.get(String(given['apiKey']))
    const timestamp = String(given['timestamp'])
    if (wallet === undefined) return { code: '60005', msg: 'Invalid apiKey' }
    if (!/^\d{10}$/.test(timestamp)) return { code: '60004', msg: 'Invalid timestamp' }
    if (Math.abs(Number(timestamp) * secondMs - serverMs()) > windowMs) {
      return { code: '60006', msg: 'Timestamp request expired' }
    }
    const signed = `${timestamp}GET/users/self/verify`
    const expected = createHmac('sha256', wallet.secret).update(signed).digest()
    const sign = Buffer.from(String(given['sign']), 'base64')
    if (!isSame(sign, expected)) {
      return { code: '60007', msg: 'Invalid sign' }
    }
    if (given['passphrase'] !== passphrase) return { code: '60024', msg: 'Wrong passphrase' }
    return wallet
  }

  #tell(
    peer: Peer,
    channels: ReadonlySet<string>,
    wallet: Wallet,
    change: Change,
    fill: FillRecord | null,
  ): void {
    const { atMs } = change
    const moves = change.moves.filter(({ purse }) => purse !== 'funding')
    if (moves.length === 0) return
    if (fill !== null && channels.has('orders')) {
      const arg = { channel: 'orders', instType: 'ANY', uid: wallet.uid }
      peer.tell({ arg, data: [this.#rowOf(fill)] }, atMs)
    }
    if (channels.has('account')) {
      peer.tell(
        accountOf(
          wallet,
          moves.map(({ asset }) => asset),
          atMs,
        ),
        atMs,
      )
    }
  }

  #rowOf({ id, atMs, purse, fill }: FillRecord): object {
    const contract = fill.contract === undefined ? null : this.#options.exchange.contracts.find(fill.symbol)
    const pair = pairIdOf(purse)
    return {
      instType: contract !== null ? instTypeOf(contract) : pair === null ? 'SPOT' : 'MARGIN',
      instId: contract !== null ? contractId(contract) : (pair ?? `${fill.base}-${fill.quote}`),
      ordId: String(fill.orderId),
      side: fill.side,
      state: 'filled',
      fillSz: fill.quantity,
      fillPx: fill.price,
      fillTime: String(atMs),
      tradeId: String(id),
      execType: fill.maker ? 'M' : 'T',
      uTime: String(atMs),
    }
  }
}

function accountOf(wallet: Wallet, coins: readonly string[], atMs: number): object {
  const details = [...new Set(coins)].map((ccy) => {
    const cashBal = fromUnits(wallet.balance(ccy))
    return { ccy, cashBal, eq: cashBal, uTime: String(atMs) }
  })
  return { arg: { channel: 'account', uid: wallet.uid }, data: [{ uTime: String(atMs), details }] }
}

function readRequest(text: string): {
  readonly op: string
  readonly args: readonly Readonly<Record<string, unknown>>[]
} {
  try {
    const { op, args } = JSON.parse(text) as Record<string, unknown>
    const rows: readonly unknown[] = Array.isArray(args) ? args : []
    return {
      op: String(op),
      args: rows.flatMap((row) =>
        typeof row === 'object' && row !== null ? [row as Readonly<Record<string, unknown>>] : [],
      ),
    }
  } catch {
    return { op: '', args: [] }
  }
}
