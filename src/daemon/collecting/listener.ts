import { type Listen, readWord, type Word } from '../../collector/listener/message.ts'
import type { Rule } from '../../egress/hosts.ts'
import type { ControlMessage } from '../../egress/message.ts'
import type { Frame } from '../../frame.ts'
import type { ChildUser } from './child-user.ts'
import { type Death, ProcessPair, type ProcessPairOptions } from './process-pair.ts'

export interface ListenerEvents {
  word(word: Exclude<Word, { readonly kind: 'ready' }>): void
  refused(message: ControlMessage & { readonly kind: 'refused' }): void
  /** Once, where nobody closed it: all that it listened to is over. */
  died(death: Death): void
}

const bounds = { headBytesMax: 65_536, bodyBytesMax: 0 }

/** One listener and an egress of its own, which reaches the exchanges' streams and nothing else. */
export class Listener extends ProcessPair {
  readonly #events: ListenerEvents

  /** @throws {PairDied} */
  static async start(
    rules: readonly Rule[],
    events: ListenerEvents,
    { user, address }: { readonly user: ChildUser | null; readonly address: string | null },
  ): Promise<Listener> {
    const listener = new Listener({ role: 'listener', rules, bounds, user, address }, events)
    await listener.begin()
    return listener
  }

  private constructor(options: ProcessPairOptions, events: ListenerEvents) {
    super(options)
    this.#events = events
  }

  /** `credentials` may be wiped when it resolves. */
  async listen(order: Listen, credentials: Uint8Array): Promise<void> {
    await this.send(order, credentials).catch(() => this.end())
  }

  leave(id: number): void {
    this.send({ kind: 'leave', id }).catch(() => this.end())
  }

  protected override heard(message: ControlMessage): void {
    if (message.kind === 'refused') this.#events.refused(message)
  }

  protected override told({ head }: Frame): void {
    const word = readWord(head)
    if (word.kind !== 'ready' && this.alive) this.#events.word(word)
  }

  protected override died(death: Death): void {
    this.#events.died(death)
  }
}
