import { EventEmitter } from 'node:events'

/** One end of the channel of a process: what `process` and `ChildProcess` have of it. */
export class ProcessEnd extends EventEmitter {
  connected = true
  deliver: (message: unknown) => void = () => undefined

  send(message: unknown): boolean {
    this.deliver(JSON.parse(JSON.stringify(message)))
    return true
  }
}

/** Both ends of the channel of a process, in one thread: it lives on when a connection over it has ended, as a port does not. */
export class ProcessPair {
  readonly owner = new ProcessEnd()
  readonly user = new ProcessEnd()
  #held: unknown[] | undefined

  constructor() {
    this.owner.deliver = (message) => this.#bring(this.user, message)
    this.user.deliver = (message) => {
      if (this.#held === undefined) this.#bring(this.owner, message)
      else this.#held.push(message)
    }
  }

  /** The owner is too busy to read. */
  hold(): void {
    this.#held = []
  }

  /** It reads what has come. */
  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const message of held) this.#bring(this.owner, message)
  }

  #bring(to: ProcessEnd, message: unknown): void {
    setImmediate(() => to.emit('message', message))
  }
}
