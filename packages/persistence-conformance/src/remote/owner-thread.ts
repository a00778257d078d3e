import { type MessagePort, Worker } from 'node:worker_threads'
import type { Peer } from '@go-go-scope/persistence-core/remote'
import type { EngineUnderTest } from '../engine-under-test.js'
import type { ClockInMemory, SharedClock } from './mirrored-clocks.js'
import { Owner } from './owner-end.js'

/** A thread that owns the databases of a cell. Does not keep the process alive. */
export class OwnerThread extends Owner {
  readonly #worker: Worker

  constructor(engine: EngineUnderTest) {
    super()
    this.#worker = new Worker(new URL('owner.js', import.meta.url), { workerData: engine.module.href })
    this.#worker.unref()
    this.#worker.on('message', (said) => this.hear(said))
    this.#worker.on('error', (error) => this.fail(error))
  }

  override sent(clock: ClockInMemory): SharedClock {
    return clock
  }

  /** Does nothing: the thread reads the shared memory. */
  override shown(): void {}

  override tick(): void {
    this.send({ id: 0, order: 'tick', given: {} })
  }

  override peer(port: MessagePort | undefined, show: () => void): Peer {
    const to = port as MessagePort
    return {
      on: (event, listener) => to.on(event, listener),
      off: (event, listener) => to.off(event, listener),
      ref: () => to.ref(),
      unref: () => to.unref(),
      close: () => to.close(),
      postMessage(message: unknown) {
        show()
        to.postMessage(message)
      },
    }
  }

  protected override send(message: object): void {
    this.#worker.postMessage(message)
  }

  protected override keepAlive(on: boolean): void {
    if (on) this.#worker.ref()
    else this.#worker.unref()
  }
}
