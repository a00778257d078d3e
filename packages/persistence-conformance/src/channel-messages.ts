import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Records the messages of `node:diagnostics_channel` channels until it is disposed. */
export class ChannelMessages<Message> implements Disposable {
  /** Each message with its channel. */
  readonly messages: (readonly [channel: string, message: Message])[] = []
  readonly #channels: readonly string[]
  readonly #listener: (message: unknown, channel: string | symbol) => void

  /** @param broken Whether the listener throws on each message. */
  constructor(channels: readonly string[], broken = false) {
    this.#channels = channels
    this.#listener = (message, channel) => {
      this.messages.push([String(channel), message as Message])
      if (broken) throw new Error('a broken subscriber')
    }
    for (const channel of channels) subscribe(channel, this.#listener)
  }

  [Symbol.dispose](): void {
    for (const channel of this.#channels) unsubscribe(channel, this.#listener)
  }
}
