import { ManualClock } from '@go-go-scope/persistence-conformance'
import { describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { proofCount } from '../proof/proof-count.js'
import type { RemoteClient } from '../proof/remote/remote-client.js'
import { ServedFile } from '../proof/remote/served-file.js'
import { NOTICED, TTL, takenSoon } from '../proof/remote/taken-soon.js'

proveCell()

const isBun = process.versions.bun !== undefined
// Bun has no memory limit per thread, so a thread that allocates without limit ends the process.
const OF_THREADS = ['throw', 'exit', 'terminate', 'terminate while it is blocked', ...(isBun ? [] : ['memory'])]
const OF_PROCESSES = ['throw', 'exit', 'kill', 'kill while it is blocked', 'exitAfterRelease', 'exitAfterSet']
const WAYS = [
  ['thread', OF_THREADS],
  ['child', OF_PROCESSES],
  // The same kind of process, started by node:cluster.
  ['clustered', ['throw', 'exit', 'kill while it is blocked']],
] as const

async function bring(client: RemoteClient, death: string, key: string): Promise<void> {
  const [way, state] = death.split(' while it is ')
  if (state === 'blocked') client.send('block', { ms: 20_000 })
  if (way === 'kill' || way === 'terminate') await client.kill()
  else client.send(death, { key })
}

describe('a client that dies', () => {
  test.each(WAYS)(
    'releases its own locks only, and leaves its claims to their leases, however it dies: %s',
    async (kind, deaths) => {
      const clock = new ManualClock()
      await using file = await ServedFile.open({ clock })
      const [other] = await file.clients('thread', 1)
      await other?.do('acquire', { key: 'shared', ttl: TTL, owner: 'both' })
      let last = 0
      for (const death of deaths) {
        const client = await file.client(kind)
        const { token } = await client.do<{ token: number }>('acquire', { key: death, ttl: TTL })
        await client.do('acquire', { key: 'shared', ttl: TTL, owner: 'both' })
        expect(await client.do('claim', { key: death, lease: 60_000 })).toBe('claimed')
        expect(await file.adapter.acquire(death, TTL)).toBe(null)
        await bring(client, death, death)
        const lock = await takenSoon(file, death)
        expect(lock, `free after ${death}`).not.toBe(null)
        expect(lock?.token).toBeGreaterThan(token)
        expect(token).toBeGreaterThan(last)
        last = lock?.token as number
        expect(await file.adapter.acquire('shared', TTL), 'the hold of the other one lasts').toBe(null)
        expect(await other?.do('isValid', { key: 'shared' })).toBe(true)
        await client.ended
        // Judged by the owner's clock, which stands still.
        expect((await file.adapter.idempotency.claim(death, { lease: 1_000 })).state, death).toBe('running')
      }
      await expect.poll(() => file.server.clients(), { timeout: NOTICED }).toHaveLength(1)
      clock.advance(60_000)
      for (const death of deaths) {
        expect((await file.adapter.idempotency.claim(death, { lease: 1_000 })).state, death).toBe('claimed')
      }
      expect(['sent', null]).toContain(await file.adapter.cache.get('exitAfterSet'))
    },
    60_000,
  )

  test('keeps its locks until their leases end if it may still be running', async () => {
    await using file = await ServedFile.open()
    const client = await file.client('child')
    // Measured from before the request, because the transfer of the grant counts towards its lease.
    const asked = performance.now()
    await client.do('acquire', { key: 'job', ttl: 1_500 })
    client.send('standStill', { ms: 1_000 })
    ;(client.peer as import('node:child_process').ChildProcess).disconnect()
    const lock = await takenSoon(file, 'job')
    expect(lock).not.toBe(null)
    expect(performance.now() - asked).toBeGreaterThan(1_000)
  }, 60_000)

  test('during a load passes the load on, and all callers get a value', async () => {
    await using file = await ServedFile.open()
    const [first, second] = await file.clients('thread', 2)
    first?.send('load', { key: 'k', value: 'never' })
    await first?.said('loading')
    const waiting = second?.do<{ loads: number; values: unknown[] }>('load', {
      key: 'k',
      value: 'second',
      callers: 20,
      ms: 1,
    })
    const own = file.adapter.cache.getOrSet('k', () => 'own')
    await first?.kill()
    const { values } = (await waiting) ?? {}
    const got = new Set([...(values ?? []), await own])
    expect(got.size, 'one load more').toBe(1)
    expect(['second', 'own']).toContain([...got][0])
  }, 60_000)

  test('under load loses no acknowledged write, and the owner goes on', async () => {
    const times = proofCount({ inTests: 6, inSoak: 200 })
    await using file = await ServedFile.open({ durability: 'process', locks: 'database' })
    const pairs = await engine.openHandle(file.path)
    await engine.rows(pairs, 'CREATE TABLE pairs (half INTEGER NOT NULL)')
    for (let time = 0; time < times; time++) {
      const client = await file.client('thread')
      client.send('writeForEver', { prefix: `${time}-` })
      await client.said('wrote')
      await client.kill()
      const wrote = client.messages.filter(({ order }) => order === 'wrote').map(({ value }) => String(value))
      for (const key of wrote) expect(await file.adapter.idempotency.get(key), key).not.toBe(null)
    }
    const [halves] = await engine.rows(pairs, 'SELECT count(*) AS number, sum(half) AS sum FROM pairs')
    expect(halves?.sum, 'batches are whole').toBe(0)
    expect(Number(halves?.number)).toBeGreaterThan(0)
    await engine.closeHandle(pairs)
    // The end of a port may be reported a little after that of its thread.
    await expect.poll(() => file.server.clients(), { timeout: NOTICED }).toEqual([])
  }, 600_000)
})
