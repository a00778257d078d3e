import { connectRemote, openRemote, SQLiteAdapter, serve } from '@go-go-scope/persistence-core/remote'
import { describe, expect, test, vi } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { collectGarbage } from '../proof/one-library/until-free.js'
import { ProcessPair } from '../proof/remote/process-pair.js'
import type { UserKind } from '../proof/remote/remote-user.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'
import { ServedFile } from '../proof/remote/served-file.js'
import { NOTICED, TTL, takenSoon } from '../proof/remote/taken-soon.js'

proveCell()

const KINDS: readonly UserKind[] = ['thread', 'attached', 'child', 'clustered']

describe('an owner that closes its server and goes on', () => {
  test.each(KINDS)(
    'has the locks of its users back as soon as these know: %s',
    async (kind) => {
      await using file = await ServedFile.open()
      const user = await file.user(kind)
      // The second lease is practically infinite: only the close of the server can free that lock.
      for (const [key, ttl] of [
        ['job', TTL],
        ['eternal', Number.MAX_SAFE_INTEGER],
      ]) {
        await user.do('acquire', { key, ttl })
      }
      const lost = user.do('lostLock', { key: 'job' })
      await user.do('isValid', { key: 'job' })
      await file.server.close()
      expect(await takenSoon(file, 'job')).not.toBe(null)
      expect(await takenSoon(file, 'eternal')).not.toBe(null)
      expect(await lost).toMatchObject({ code: 'LOCK_LOST' })
    },
    60_000,
  )

  test.each(['attached', 'child', 'clustered'] as const)(
    'keeps them for a user that is too busy to know, until it has ended: %s',
    async (kind) => {
      await using file = await ServedFile.open()
      const user = await file.user(kind)
      await user.do('acquire', { key: 'job', ttl: Number.MAX_SAFE_INTEGER })
      // The client reads this first and then blocks, so it does not read what the owner sends next.
      user.tell('block', { ms: 20_000 })
      await file.server.close()
      expect(await file.adapter.acquire('job', TTL)).toBe(null)
      if ('disconnect' in user.peer) {
        const { peer } = user
        const disconnected = new Promise((resolve) => peer.on('disconnect', resolve))
        // On the worker itself, because a cluster worker's disconnect first asks the worker, which does not read.
        const child = 'process' in peer ? peer.process : peer
        child.disconnect()
        await disconnected
        expect(await file.adapter.acquire('job', TTL), 'it may be at work still').toBe(null)
      }
      await user.kill()
      expect(await takenSoon(file, 'job')).not.toBe(null)
    },
    60_000,
  )
})

describe('what a user held whose owner has left', () => {
  const served = serveForEachTest()

  test('nothing else is kept of a server that was closed', async () => {
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
    'is given to nobody before its signals have aborted: the owner %s',
    async (way) => {
      const pair = new ProcessPair()
      served.server.attach(pair.owner as never)
      const remote = await connectRemote(pair.user as never)
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

  test('is given to nobody before its signals have aborted where its user closes the database under its adapters', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    const database = await openRemote(pair.user as never)
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

  test('is free where it left in the midst of the rows of an answer, and does not connect again', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    for (let at = 0; at < 5_000; at++) void served.adapter.cache.set(`k${at}`, at)
    const remote = await connectRemote(pair.user as never)
    await remote.acquire('k', TTL)
    const asked = expect(remote.cache.keys()).rejects.toMatchObject({ code: 'DISCONNECTED' })
    await new Promise((resolve) => pair.user.once('message', resolve))
    pair.user.emit('message', { 'go-go-scope/1': [9_999] })
    await asked
    expect(await takenSoon(served, 'k')).not.toBe(null)
    expect(served.server.clients()).toEqual([])
    await remote.disconnect()
  })

  test('is its own again over the same channel, from the next owner', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    const before = await connectRemote(pair.user as never)
    await before.acquire('k', TTL)
    pair.hold()
    await served.server.close()
    await using next = serve(served.adapter)
    next.attach(pair.owner as never)
    await expect.poll(() => before.isConnected(), { timeout: NOTICED }).toBe(false)
    const connecting = connectRemote(pair.user as never)
    pair.release()
    const remote = await connecting
    expect(await remote.acquire('k', TTL)).not.toBe(null)
    expect(next.clients()).toMatchObject([{ locks: 1 }])
    await before.disconnect()
    await remote.disconnect()
  })

  test('does not hold up the end of the adapter, and leaves the channel to the app', async () => {
    const pair = new ProcessPair()
    served.server.attach(pair.owner as never)
    const remote = await connectRemote(pair.user as never)
    await remote.acquire('k', TTL)
    pair.hold()
    await served.server.close()
    expect(pair.owner.listenerCount('message')).toBe(1)
    await served.adapter.disconnect()
    expect(pair.owner.eventNames()).toEqual([])
    await remote.disconnect()
  })
})
