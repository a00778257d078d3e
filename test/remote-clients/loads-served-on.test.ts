import type { MessagePort } from 'node:worker_threads'
import { connectRemote, type PersistenceServer, serve } from '@go-go-scope/persistence-core/remote'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { answersTo, ENVELOPE, greeting } from '../proof/remote/raw-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

/** Operations of a client, and one of the owner; see protocol.ts. */
const [IS_HELD, ENTER_LOAD, TURN] = [8, 18, 14]

const enter = (wait: number, key: string, inside = 0) => [
  ENTER_LOAD,
  wait,
  `go_goscope_cache\0cache:${key}`,
  key,
  inside,
]

const served = serveForEachTest()
type Remote = Awaited<ReturnType<typeof connectRemote>>

describe('a load of a client whose owner is a client itself', () => {
  let middle: Remote
  let inner: PersistenceServer
  let direct: Remote
  beforeEach(async () => {
    middle = await connectRemote(served.port())
    inner = serve(middle)
    direct = await connectRemote(served.port())
  })
  afterEach(async () => {
    await inner.close()
    await Promise.all([middle.disconnect(), direct.disconnect()])
  })

  const port = () => inner.createPort() as unknown as MessagePort

  /** The owner has read what was sent through both levels. */
  const hasRead = async () => {
    for (let turns = 0; turns < 20; turns++) await Promise.all([middle, direct].map(({ cache }) => cache.get('none')))
  }

  /** Begins a load that asks for another key after `go`. @returns its outcome, and when it runs. */
  function loading(client: Remote, key: string, asked: string) {
    const go = Promise.withResolvers<void>()
    const runs = Promise.withResolvers<void>()
    const load = async () => {
      runs.resolve()
      await go.promise
      return client.cache.getOrSet(asked, () => 'asked')
    }
    const outcome = client.cache.getOrSet(key, load).catch((error: { code: string }) => error.code)
    return { outcome, runs: runs.promise, go: () => go.resolve() }
  }

  test('goes to the next caller if that client has gone when its owner gets the turn', async () => {
    const leaving = await connectRemote(served.port())
    const k = loading(leaving, 'k', 'asked')
    await k.runs
    // Its owner asks for the turn before it answers this client.
    const raw = port()
    await answersTo(raw, () => true, await greeting(port()), [...enter(1, 'k'), IS_HELD, 1])
    await hasRead()
    raw.close()
    await expect.poll(() => inner.clients()).toEqual([])
    await leaving.disconnect()
    k.go()
    expect(await k.outcome).toBe('CLOSED')
    await hasRead()
    const stillWaits = hasRead().then(() => 'still waits')
    expect(await Promise.race([served.adapter.cache.getOrSet('k', () => 'loaded'), stillWaits])).toBe('loaded')
  })

  test('is found in a circle also after it has waited until its owner might ask for more turns', async () => {
    const many = await connectRemote(inner.createPort())
    const gates = Array.from({ length: 4_096 }, () => Promise.withResolvers<void>())
    const filling = gates.map((gate, at) => many.cache.getOrSet(`fills ${at}`, () => gate.promise))
    await many.cache.get('none')
    await hasRead()
    // This client is in no thread of the others, which find a load of their own thread by themselves.
    const raw = port()
    const hello = await greeting(port())
    const turn = answersTo(raw, () => true, hello, enter(1, 'k'))
    await hasRead()
    gates[0]?.resolve()
    expect(await turn).toEqual([TURN, 1])
    const m = loading(direct, 'm', 'k')
    await m.runs
    raw.postMessage({ [ENVELOPE]: enter(2, 'm', 1) })
    await hasRead()
    m.go()
    const stillWaits = hasRead().then(() => 'still waits')
    expect(await Promise.race([m.outcome, stillWaits])).toBe('INVALID_ARGUMENT')
    raw.close()
    for (const gate of gates) gate.resolve()
    await Promise.all(filling)
    await many.disconnect()
  }, 60_000)
})
