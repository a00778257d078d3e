import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { MessagePort } from 'node:worker_threads'
import type { Peer } from '@go-go-scope/persistence-core/remote'
import type { EngineUnderTest } from '../engine-under-test.js'
import type { ClockInMemory, SharedClock } from './mirrored-clocks.js'
import type { Said } from './orders.js'
import { Owner } from './owner-end.js'

/** A child process that owns the databases of a cell, and serves one of them at a time on its IPC channel. */
export class OwnerProcess extends Owner {
  readonly #child: ChildProcess

  constructor(engine: EngineUnderTest, serialization: 'json' | 'advanced') {
    super()
    const script = fileURLToPath(new URL('owner.js', import.meta.url))
    this.#child = fork(script, [engine.module.href], { serialization, execArgv: [] })
    this.#child.unref()
    this.keepAlive(false)
    this.#child.on('message', (said) => this.hear(said as Said))
    this.#child.on('exit', () => this.fail(new Error('the owner has ended')))
  }

  override sent({ number, shown }: ClockInMemory): SharedClock {
    return { number, shown: [...new Float64Array(shown)] }
  }

  override shown(clock: ClockInMemory): void {
    this.tick(clock)
  }

  override tick(clock: ClockInMemory): void {
    this.send({ id: 0, order: 'tick', given: { clock: this.sent(clock) } })
  }

  override peer(_: MessagePort | undefined, show: () => void): Peer {
    const child = this.#child
    return {
      on: (event, listener) => child.on(event, listener),
      off: (event, listener) => child.off(event, listener),
      listenerCount: (event) => child.listenerCount(event),
      get connected() {
        return child.connected
      },
      send(message: never, ...rest: never[]) {
        show()
        return child.send(message, ...rest)
      },
    }
  }

  protected override send(message: object): void {
    this.#child.send(message)
  }

  protected override keepAlive(on: boolean): void {
    // Bun's channel has neither method and keeps no process alive.
    const channel: { ref?(): void; unref?(): void } | null | undefined = this.#child.channel
    if (on) channel?.ref?.()
    else channel?.unref?.()
  }
}
