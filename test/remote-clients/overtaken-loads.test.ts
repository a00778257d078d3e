import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { connectRemote } from '@go-go-scope/persistence-core/remote'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { answersTo, ENVELOPE, greeting } from '../proof/remote/raw-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

/** Operations of a client; see protocol.ts. */
const [ENTER_LOAD, WAIT_IN_LOAD] = [18, 26]

const served = serveForEachTest()
type Remote = Awaited<ReturnType<typeof connectRemote>>

/** Connects a client to which the owner's messages can be delayed. */
async function connectDelayed(owner: MessagePort) {
  const { port1, port2 } = new MessageChannel()
  let held: unknown[] | undefined
  owner.on('message', (message) => (held === undefined ? port2.postMessage(message) : held.push(message)))
  port2.on('message', (message) => owner.postMessage(message))
  const remote = await connectRemote(port1)
  const close = async () => {
    await remote.disconnect()
    for (const port of [port2, owner]) port.close()
  }
  return {
    remote,
    close,
    hold() {
      held = []
    },
    /** Sends on the first of the messages that are held. */
    releaseFirst() {
      expect(held?.length).toBeGreaterThan(0)
      port2.postMessage(held?.shift())
    },
    release() {
      for (const message of held ?? []) port2.postMessage(message)
      held = undefined
    },
  }
}

describe('a load that the owner knows to be overtaken, and its client does not yet', () => {
  let late: Awaited<ReturnType<typeof connectDelayed>>
  let other: Remote
  beforeEach(async () => {
    late = await connectDelayed(served.port())
    other = await connectRemote(served.port())
  })
  afterEach(async () => {
    await late.close()
    await other.disconnect()
  })

  /** Starts a load that asks for another key after `go`. @returns once the load runs. */
  async function loading(client: Remote, key: string, asked: string | undefined) {
    const go = Promise.withResolvers<void>()
    const runs = Promise.withResolvers<void>()
    const load = async () => {
      runs.resolve()
      await go.promise
      return asked === undefined ? key : client.cache.getOrSet(asked, () => 'loaded again')
    }
    const outcome = client.cache.getOrSet(key, load).catch((error: { code: string }) => error.code)
    await runs.promise
    return { outcome, go: () => go.resolve() }
  }

  /**
   * The load of `k` is overtaken before its client knows, while that of `m` asks for `k`: it has read that there is none, and waits
   * for the load of `k` once that answer arrives.
   */
  async function overtaken(asked: string | undefined) {
    const k = await loading(late.remote, 'k', asked)
    const m = await loading(late.remote, 'm', 'k')
    late.hold()
    m.go()
    await hasRead()
    await served.adapter.cache.delete('k')
    return { k, m }
  }

  /** The answer arrives, but not yet that the load is overtaken. */
  async function answer() {
    late.releaseFirst()
    await hasRead()
  }

  /** The owner has read what the clients have sent. */
  const hasRead = async () => {
    for (let turns = 0; turns < 20; turns++) await other.cache.get('none')
  }

  test('is the one that a load of that client waits for, and not the next load of the key', async () => {
    const { k, m } = await overtaken(undefined)
    const next = await loading(other, 'k', 'm')
    await answer()
    // The next load of `k` waits for that of `m`, which waits for the first load of `k`. That is no circle.
    next.go()
    await hasRead()
    late.release()
    k.go()
    expect(await Promise.all([k.outcome, m.outcome, next.outcome])).toEqual(['k', 'k', 'k'])
  })

  test.each(['has a newer load', 'has no load'])('closes a circle also while its key %s', async (when) => {
    const raw = served.port()
    const entry = (key: string) => `go_goscope_cache\0cache:${key}`
    const enter = (wait: number, key: string, inside = 0) => [ENTER_LOAD, wait, entry(key), key, inside]
    // This client has the loads 1 of `k` and 2 of `m`.
    const turns = (items: unknown[]) => items.length === 4
    await answersTo(raw, turns, await greeting(served.port()), [...enter(1, 'k'), ...enter(2, 'm')])
    await served.adapter.cache.delete('k')
    const next = when === 'has no load' ? undefined : await loading(other, 'k', undefined)
    const x = await loading(other, 'x', 'm')
    // The code of `m` waits for the load of `k`, whose code asks for `x`, whose code asks for `m`.
    raw.postMessage({ [ENVELOPE]: [WAIT_IN_LOAD, 3, 1, 2, ...enter(4, 'x', 1)] })
    await hasRead()
    x.go()
    const stillWaits = hasRead().then(() => 'still waits')
    expect(await Promise.race([x.outcome, stillWaits])).toBe('INVALID_ARGUMENT')
    next?.go()
    await next?.outcome
    raw.close()
  })
})
