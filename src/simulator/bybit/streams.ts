import { createHmac } from 'node:crypto'
import type { Exchange } from '../exchange.ts'
import { isSame } from '../signature.ts'
import type { Peer, StreamProtocol, StreamServer } from '../streams.ts'
import type { Change } from '../truth.ts'
import { fromUnits } from '../units.ts'
import type { FillRecord, Wallet } from '../wallet.ts'
import { contractId } from './contract.ts'

/** bybit's private stream: a signed `auth`, then topics; executions and the wallet, each as it changes. */

const topicsKnown: ReadonlySet<string> = new Set(['execution', 'wallet', 'order', 'position'])

interface Options {
  readonly exchange: Pick<Exchange, 'contracts'>
  readonly wallets: ReadonlyMap<string, Wallet>
  readonly serverMs: () => number
}

export class BybitStreams implements StreamProtocol {
  readonly #options: Options
  /** What was asked for beside the stream. */
  readonly strangeMethods: string[] = []

  constructor(options: Options) {
    this.#options = options
  }

  connect(url: URL, peer: Peer): StreamServer | null {
    if (url.pathname !== '/v5/private') return null
    const topics = new Set<string>()
    let end = (): void => {}
    let isOwner = false
    const refuse = (op: string, text: string): void => {
      peer.answer({ success: false, ret_msg: text, op, conn_id: 'simulated' })
    }
    return {
      heard: (text) => {
        const { op, args, req_id = '' } = readRequest(text)
        const good = { success: true, ret_msg: '', conn_id: 'simulated', req_id, op }
        if (op === 'ping') return peer.answer({ ...good, ret_msg: 'pong' })
        if (op === 'auth') {
          const wallet = this.#authenticate(args)
          if (typeof wallet === 'string') return refuse(op, wallet)
          isOwner = true
          end()
          end = wallet.watch((change, fill) => this.#tell(peer, topics, wallet, change, fill))
          return peer.answer(good)
        }
        if (op !== 'subscribe') {
          this.strangeMethods.push(op)
          return refuse(op, 'error:invalid op')
        }
        const wanted = args.map(String)
        if (!isOwner) return refuse(op, 'Request not authorized')
        if (!wanted.every((topic) => topicsKnown.has(topic))) return refuse(op, 'error:handler not found')
        for (const topic of wanted) topics.add(topic)
        peer.answer(good)
      },
      gone: () => end(),
    }
  }

  /** The account, or why not. */
  #authenticate([apiKey, expires, signature]: readonly unknown[]): Wallet | string {
    const { wallets, serverMs } = this.#options
    const wallet = wallets.get(String(apiKey))
    if (wallet === undefined) return 'error:USVC1111'
    if (!/^\d{13}$/.test(String(expires)) || Number(expires) <= serverMs()) return 'Params Error'
    const expected = createHmac('sha256', wallet.secret)
      .update(`GET/realtime${String(expires)}`)
      .digest()
    const given = Buffer.from(/^[0-9a-f]{64}$/.test(String(signature)) ? String(signature) : '', 'hex')
    if (!isSame(given, expected)) return 'error:USVC1111'
    return wallet
  }

  #tell(
    peer: Peer,
    topics: ReadonlySet<string>,
    wallet: Wallet,
    change: Change,
    fill: FillRecord | null,
  ): void {
    const { atMs, sequence } = change
    const moves = change.moves.filter(({ purse }) => purse !== 'funding')
    if (moves.length === 0) return
    const head = { id: `${wallet.uid}_${sequence}`, creationTime: atMs }
    if (fill !== null && topics.has('execution')) {
      peer.tell({ ...head, topic: 'execution', data: [this.#rowOf(fill)] }, atMs)
    }
    if (!topics.has('wallet')) return
    const coin = [...new Set(moves.map(({ asset }) => asset))].map((asset) => {
      const held = fromUnits(wallet.balance(asset))
      return { coin: asset, equity: held, walletBalance: held, locked: fromUnits(wallet.locked(asset)) }
    })
    peer.tell({ ...head, topic: 'wallet', data: [{ accountType: 'UNIFIED', coin }] }, atMs)
  }

  #rowOf({ id, atMs, fill }: FillRecord): object {
    const contract = fill.contract === undefined ? null : this.#options.exchange.contracts.find(fill.symbol)
    return {
      category: fill.contract?.kind ?? 'spot',
      symbol: contract === null ? `${fill.base}${fill.quote}` : contractId(contract),
      execId: String(id),
      execPrice: fill.price,
      execQty: fill.quantity,
      execType: 'Trade',
      execFee: fill.fee.amount,
      orderId: String(fill.orderId),
      side: fill.side === 'buy' ? 'Buy' : 'Sell',
      isMaker: fill.maker,
      execTime: String(atMs),
    }
  }
}

interface StreamRequest {
  readonly op: string
  readonly args: readonly unknown[]
  readonly req_id?: unknown
}

function readRequest(text: string): StreamRequest {
  try {
    const { op, args, req_id } = JSON.parse(text) as Record<string, unknown>
    return { op: String(op), args: Array.isArray(args) ? args : [], req_id }
  } catch {
    return { op: '', args: [] }
  }
}
