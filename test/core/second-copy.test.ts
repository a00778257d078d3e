import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import * as core from '@go-go-scope/persistence-core'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { ProcessPair } from '../proof/remote/process-pair.js'
import { secondCopy } from '../proof/remote/second-copy.js'
import { databaseSyncDriver } from './database-sync-driver.js'

type Core = typeof core
type Database = InstanceType<typeof DatabaseSync>

const { remote, index } = secondCopy()
const other: Core = await import(index)
const { connectRemote: otherConnects, serve: otherServes } = await import(remote)

function adapterOf({ SqliteAdapter }: Core, handle: Database, options: core.AdapterOptions = {}): core.SqliteAdapter {
  return new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined), options)
}

describe('two installed copies of the core', () => {
  let handle: Database
  beforeEach(() => {
    handle = new DatabaseSync(':memory:')
  })

  test('are two', () => {
    expect(other.SqliteAdapter).not.toBe(core.SqliteAdapter)
  })

  test('cannot share a handle: the second is refused, connected or not', async () => {
    const first = adapterOf(core, handle)
    const refused = { _tag: 'PersistenceError', code: 'SECOND_COPY', message: expect.stringContaining('npm dedupe') }
    expect(() => adapterOf(other, handle)).toThrow(expect.objectContaining(refused))
    expect(await first.lock.acquire('k')).not.toBeNull()
    expect(() => adapterOf(other, handle)).toThrow(expect.objectContaining(refused))
    await first.disconnect()
  })

  test('may have a handle one after the other, and their tokens grow', async () => {
    const tokens: number[] = []
    for (const copy of [core, other, core, other]) {
      const adapter = adapterOf(copy, handle, { closeOnDisconnect: false })
      const lock = await adapter.acquire('k')
      tokens.push(lock?.token ?? Number.NaN)
      await adapter.disconnect()
    }
    expect(tokens).toEqual(tokens.toSorted((one, two) => one - two))
    expect(new Set(tokens).size).toBe(tokens.length)
  })

  test('can use a handle one after the other only once the first has disconnected', async () => {
    const first = adapterOf(core, handle, { closeOnDisconnect: false })
    await first.connect()
    const left = first.disconnect()
    expect(() => adapterOf(other, handle)).toThrow(expect.objectContaining({ code: 'SECOND_COPY' }))
    await left
    const second = adapterOf(other, handle)
    await second.cache.set('k', 1)
    await second.disconnect()
  })

  test('may each have a handle of their own', async () => {
    const [one, two] = [adapterOf(core, handle), adapterOf(other, new DatabaseSync(':memory:'))]
    await Promise.all([one.cache.set('k', 1), two.cache.set('k', 2)])
    await Promise.all([one.disconnect(), two.disconnect()])
  })

  test('may use an owner one after the other in a child, which ends by itself', async () => {
    const owned = adapterOf(core, handle)
    const server = serve(owned)
    const child = fork(join(root, 'test/proof/remote/two-copies.mjs'), [remote], {
      execArgv: [],
    })
    onTestFinished(() => void child.kill())
    server.attach(child as never)
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(await owned.cache.keys()).toEqual(['one', 'other'])
    await server.close()
    await owned.disconnect()
  }, 20_000)

  test('may connect one after the other, however late the owner answers the first, which has given up', async () => {
    const owned = adapterOf(core, handle)
    const server = serve(owned)
    const pair = new ProcessPair()
    server.attach(pair.owner as never)
    pair.hold()
    const givenUp = connectRemote(pair.client as never, { connectTimeout: 10 })
    await expect(givenUp).rejects.toMatchObject({ code: 'DISCONNECTED' })
    const connecting = otherConnects(pair.client as never)
    pair.release()
    const connected = await connecting
    await connected.cache.set('k', 1)
    expect(server.clients()).toHaveLength(1)
    await connected.disconnect()
    await server.close()
    await owned.disconnect()
  })

  test('do not serve one thread or process together: the second is refused', async () => {
    const { port1, port2 } = new MessageChannel()
    const [one, two] = [adapterOf(core, handle), adapterOf(other, new DatabaseSync(':memory:'))]
    const [first, second] = [serve(one), otherServes(two)]
    first.attach(port1)
    expect(() => second.attach(port1)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    await first.close()
    port2.close()
    await Promise.all([second.close(), one.disconnect(), two.disconnect()])
  })
})
