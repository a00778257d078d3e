import type { MessagePort } from 'node:worker_threads'
import { ManualClock } from '@go-go-scope/persistence-conformance'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { ProcessPair } from '../proof/remote/process-pair.js'
import { ENVELOPE, greeting, itemsOf, messageOf } from '../proof/remote/raw-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'
import { TTL, takenSoon } from '../proof/remote/taken-soon.js'

proveCell()

const served = serveForEachTest()
const ACQUIRE = 7
const LOCK_LOST = 11

/** A process channel to the owner, with a client. */
async function connectProcess(clock?: ManualClock) {
  const pair = new ProcessPair()
  served.server.attach(pair.owner as never)
  return { pair, remote: await connectRemote(pair.client as never, { ...(clock && { clock }) }) }
}

test('a lease in memory is counted from the request, and so is its extension', async () => {
  const clock = new ManualClock()
  const { remote } = await connectProcess(clock)
  const asking = [remote.acquire('k', 1_000), remote.acquire('extended', 1_000)] as const
  clock.advance(500)
  const [lock, extended] = await Promise.all(asking)
  const extending = extended?.extend(1_000)
  clock.advance(400)
  expect(await extending).toBe(true)
  const ended = () => [lock, extended].map((held) => held?.signal.aborted)
  for (const [passed, then] of [
    [99, [false, false]],
    [1, [true, false]],
    [499, [true, false]],
    [1, [true, true]],
  ] as const) {
    clock.advance(passed)
    expect(ended()).toEqual(then)
  }
  await remote.disconnect()
})

test('word that an earlier lock of the key was lost does not end a later one', async () => {
  const { pair, remote } = await connectProcess()
  const [first, other] = [await remote.acquire('k', TTL), await remote.acquire('other', TTL)]
  await first?.release()
  const second = await remote.acquire('k', TTL)
  const lose = (key: string, token?: number) =>
    pair.client.emit('message', { [ENVELOPE]: [LOCK_LOST, '', key, token, 'it was taken'] })
  lose('k', first?.token)
  lose('other', other?.token)
  expect(second?.signal.aborted).toBe(false)
  expect(other?.signal.aborted).toBe(true)
  await remote.disconnect()
})

test('a write that precedes the release of a lock is seen by the next holder', async () => {
  const remote = await connectRemote(served.port())
  const lock = await remote.acquire('k', TTL)
  const next = served.adapter.lock.hold('k', { ttl: TTL, wait: TTL }).then(() => served.adapter.cache.get('value'))
  await Promise.all([remote.cache.set('value', 'written'), lock?.release()])
  expect(await next).toBe('written')
  await remote.disconnect()
})

test('a lock that is granted after its client was refused for another message is free', async () => {
  const { pair, remote } = await connectProcess()
  await using between = serve(remote)
  const raw = between.createPort() as unknown as MessagePort
  raw.postMessage(messageOf(await greeting(between.createPort() as never)))
  await expect.poll(() => between.clients()).toHaveLength(1)
  pair.hold()
  raw.postMessage(messageOf([ACQUIRE, '', 'k', Number.MAX_SAFE_INTEGER, null]))
  const refused = new Promise((resolve) => raw.on('message', (message) => resolve(itemsOf(message)[0])))
  raw.postMessage(messageOf([9_999]))
  await refused
  raw.close()
  const granted = new Promise((resolve) => pair.client.once('message', resolve))
  pair.release()
  await granted
  expect(await takenSoon(served, 'k')).not.toBe(null)
})

test('a server closes after a client has left in the middle of an answer with a lock', async () => {
  const { pair, remote } = await connectProcess()
  await served.adapter.cache.setMany(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, at]))
  await remote.acquire('k', TTL)
  const failed = expect(remote.cache.keys()).rejects.toMatchObject({ code: 'DISCONNECTED' })
  // It asks for no more rows.
  await new Promise<void>((resolve) => {
    pair.client.prependOnceListener('message', () => {
      pair.hold()
      resolve()
    })
  })
  pair.owner.connected = pair.client.connected = false
  pair.owner.emit('disconnect')
  expect(await served.adapter.acquire('k', TTL)).toBe(null)
  await served.server.close()
  pair.client.emit('disconnect')
  await failed
  await remote.disconnect()
})
