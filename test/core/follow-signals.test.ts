import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { follow } from '../../packages/shared/src/dialects/sqlite/standby/follow.js'
import { resolveFollowOptions } from '../../packages/shared/src/dialects/sqlite/standby/follow-options.js'
import type { StandbyHost } from '../../packages/shared/src/dialects/sqlite/standby/standby.js'
import type { WorkerLike } from '../../packages/shared/src/dialects/sqlite/thread/worker.js'
import { settled } from './settled.js'

const HOST: StandbyHost<never> = {
  adapter: () => Promise.reject(new Error('nothing takes over')),
  open: () => Promise.reject(new Error('nothing takes over')),
}

/** A thread of a standby that does nothing but begin, and end when it is asked to. */
class IdleThread implements WorkerLike {
  stopped = false
  readonly #listeners: [event: string, listener: (value: never) => void][] = []

  on(event: string, listener: (value: never) => void): void {
    this.#listeners.push([event, listener])
  }

  begin(): void {
    this.#emit('message', { event: { begun: true } })
  }

  postMessage(): void {
    if (this.stopped) return
    this.stopped = true
    this.#emit('message', { result: undefined, stays: false })
    this.#emit('exit', 0)
  }

  ref(): void {}
  unref(): void {}

  #emit(name: string, value: unknown): void {
    for (const [event, listener] of this.#listeners) if (event === name) listener(value as never)
  }
}

function following(signal: AbortSignal) {
  const thread = new IdleThread()
  const options = resolveFollowOptions({ target: ':memory:', signal })
  const standby = follow({ path: '/source.db', engine: 'none' }, options, {}, () => thread, HOST)
  return { thread, standby }
}

test('a signal stops a standby, whenever it aborts while the thread begins', async () => {
  for (let microtasks = 0; microtasks < 20; microtasks++) {
    const controller = new AbortController()
    const { thread, standby } = following(controller.signal)
    const ended = standby.then(
      () => undefined,
      (error: unknown) => error,
    )
    thread.begin()
    for (let left = microtasks; left > 0; left--) await undefined
    controller.abort()
    expect([undefined, controller.signal.reason]).toContain(await ended)
    await settled()
    expect(thread.stopped, `aborted ${microtasks} microtasks after it has begun`).toBe(true)
  }
})

test('a standby that has ended leaves no listener on its signal', async () => {
  const { signal } = new AbortController()
  const { thread, standby } = following(signal)
  thread.begin()
  await (await standby).stop()
  await settled()
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
