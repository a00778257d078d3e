import { EventEmitter } from 'node:events'

/** One end of a process channel, with the members of `process` and `ChildProcess` that we use. */
export class ProcessEnd extends EventEmitter {
  connected = true
  deliver: (message: unknown) => void = () => undefined

  send(message: unknown): boolean {
    this.deliver(JSON.parse(JSON.stringify(message)))
    return true
  }
}

/** Both ends of a process channel, in one thread. Unlike a port, it outlives a connection over it. */
export class ProcessPair {
  readonly owner = new ProcessEnd()
  readonly client = new ProcessEnd()
  #held: unknown[] | undefined

  constructor() {
    this.owner.deliver = (message) => this.#bring(this.client, message)
    this.client.deliver = (message) => {
      if (this.#held === undefined) this.#bring(this.owner, message)
      else this.#held.push(message)
    }
  }

  /** Holds back messages to the owner, as if it was too busy to read. */
  hold(): void {
    this.#held = []
  }

  /** Delivers the held messages. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const message of held) this.#bring(this.owner, message)
  }

  #bring(to: ProcessEnd, message: unknown): void {
    setImmediate(() => to.emit('message', message))
  }
}
