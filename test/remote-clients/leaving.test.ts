import { connectRemote, openRemote, SQLiteAdapter, serve } from '@go-go-scope/persistence-core/remote'
import { describe, expect, test, vi } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { collectGarbage } from '../proof/one-library/until-free.js'
import { ProcessPair } from '../proof/remote/process-pair.js'
import type { ClientKind } from '../proof/remote/remote-client.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'
import { ServedFile } from '../proof/remote/served-file.js'
import { NOTICED, TTL, takenSoon } from '../proof/remote/taken-soon.js'

proveCell()

const KINDS: readonly ClientKind[] = ['thread', 'attached', 'child', 'clustered']

describe('an owner that closes its server and goes on', () => {
  test.each(KINDS)(
    'frees the locks of its clients as soon as these know that it closed: %s',
    async (kind) => {
      await using file = await ServedFile.open()
      const client = await file.client(kind)
      // The second lease is practically infinite: only the close of the server can free that lock.
      for (const [key, ttl] of [
        ['job', TTL],
        ['eternal', Number.MAX_SAFE_INTEGER],
      ]) {
        await client.do('acquire', { key, ttl })
      }
      const lost = client.do('lostLock', { key: 'job' })
      await client.do('isValid', { key: 'job' })
      await file.server.close()
      expect(await takenSoon(file, 'job')).not.toBe(null)
      expect(await takenSoon(file, 'eternal')).not.toBe(null)
      expect(await lost).toMatchObject({ code: 'LOCK_LOST' })
    },
    60_000,
  )

  test.each(['attached', 'child', 'clustered'] as const)(
    'keeps the locks of a client that is too busy to notice, until that has ended: %s',
    async (kind) => {
      await using file = await ServedFile.open()
      const client = await file.client(kind)
      await client.do('acquire', { key: 'job', ttl: Number.MAX_SAFE_INTEGER })
      // The client reads this first and then blocks, so it does not read what the owner sends next.
      client.send('block', { ms: 20_000 })
      await file.server.close()
      expect(await file.adapter.acquire('job', TTL)).toBe(null)
      if ('disconnect' in client.peer) {
        const { peer } = client
        const disconnected = new Promise((resolve) => peer.on('disconnect', resolve))
        // On the worker itself, because a cluster worker's disconnect first asks the worker, which does not read.
        const child = 'process' in peer ? peer.process : peer
        child.disconnect()
        await disconnected
        expect(await file.adapter.acquire('job', TTL), 'it may be at work still').toBe(null)
      }
      await client.kill()
      expect(await takenSoon(file, 'job')).not.toBe(null)
    },
    60_000,
  )
})

describe('a lock of a client whose owner has left', () => {
  const served = serveForEachTest()

  test('a closed server keeps nothing but the locks', async () => {
    const closed = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const server = serve(served.adapter)
        const remote = await connectRemote(server.createPort())
        await remote.acquire('k', TTL)
        await server.close()
        return new WeakRef(server)
      }),
    )
    // The stack may still refer to some.
    const mostAreCollected = (): boolean => {
      collectGarbage()
      return closed.filter((server) => server.deref() !== undefined).length < closed.length / 2
    }
    await vi.waitUntil(mostAreCollected, { timeout: NOTICED, interval: 10 })
  })

  test.each(['closes', 'is sent what it cannot read'])(
    'is not granted again before its signals have aborted: the owner %s',
    async (way) => {
      const pair = new ProcessPair()
      served.server.attach(pair.owner as never)
      const remote = await connectRemote(pair.client as never)
      const lock = await remote.acquire('k', TTL)
      const aborted = new Promise((resolve) => lock?.signal.addEventListener('abort', resolve))
      pair.hold()
      if (way === 'closes') await served.server.close()
      else pair.owner.emit('message', { 'go-go-scope/1': [9_999] })
      await aborted
      await new Promise((resolve) => setImmediate(resolve))
      expect(await served.adapter.acquire('k', TTL), 'its word is not read yet').toBe(null)
      await served.server.close()
      expect(await served.adapter.acquire('k', TTL), 'nor has it when the server closes then').toBe(null)
      pair.release()
      expect(await takenSoon(served, 'k')).not.toBe(null)
      await remote.disconnect()
    },
  )

  test('is not granted again before its signals have aborted, also where its client closes the database under its adapters', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    const database = await openRemote(pair.client as never)
    const remote = new SQLiteAdapter(database)
    await remote.connect()
    const held = await remote.acquire('k', TTL)
    // In flight when the database closes: it is answered, and its lock ends at once.
    const asked = remote.acquire('late', TTL)
    const closing = database.close()
    for (const key of ['k', 'late']) {
      let taken: unknown = null
      for (let turns = 0; taken === null && turns < 1_000; turns++) {
        await new Promise((resolve) => setImmediate(resolve))
        taken = await served.adapter.acquire(key, TTL)
      }
      expect(taken).not.toBe(null)
      expect((key === 'k' ? held : await asked)?.signal).toMatchObject({ aborted: true })
    }
    await closing
    await remote.disconnect()
  })

  test('is free if the owner left in the middle of an answer and the client does not connect again', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    for (let at = 0; at < 5_000; at++) void served.adapter.cache.set(`k${at}`, at)
    const remote = await connectRemote(pair.client as never)
    await remote.acquire('k', TTL)
    const asked = expect(remote.cache.keys()).rejects.toMatchObject({ code: 'DISCONNECTED' })
    await new Promise((resolve) => pair.client.once('message', resolve))
    pair.client.emit('message', { 'go-go-scope/1': [9_999] })
    await asked
    expect(await takenSoon(served, 'k')).not.toBe(null)
    expect(served.server.clients()).toEqual([])
    await remote.disconnect()
  })

  test('can be acquired again by that client over the same channel, from the next owner', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    const before = await connectRemote(pair.client as never)
    await before.acquire('k', TTL)
    pair.hold()
    await served.server.close()
    await using next = serve(served.adapter)
    next.attach(pair.owner as never)
    await expect.poll(() => before.isConnected(), { timeout: NOTICED }).toBe(false)
    const connecting = connectRemote(pair.client as never)
    pair.release()
    const remote = await connecting
    expect(await remote.acquire('k', TTL)).not.toBe(null)
    expect(next.clients()).toMatchObject([{ locks: 1 }])
    await before.disconnect()
    await remote.disconnect()
  })

  test('does not delay the disconnect of the adapter, and the channel stays open for the app', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    const remote = await connectRemote(pair.client as never)
    await remote.acquire('k', TTL)
    pair.hold()
    await served.server.close()
    expect(pair.owner.listenerCount('message')).toBe(1)
    await served.adapter.disconnect()
    expect(pair.owner.eventNames()).toEqual([])
    await remote.disconnect()
  })
})
