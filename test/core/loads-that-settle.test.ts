import { MessageChannel } from 'node:worker_threads'
import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { connectRemote, type PersistenceServer, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { proofCount } from '../proof/proof-count.js'
import { databaseSyncDriver } from './database-sync-driver.js'

const KEYS = ['a', 'b', 'c', 'd']
const turn = () => new Promise(setImmediate)

/** A client whose messages can be delayed, and which may end. */
async function connectThrough(server: PersistenceServer) {
  const [owner, { port1, port2 }] = [server.createPort(), new MessageChannel()]
  let held: (() => void)[] | undefined
  const pass = (from: typeof owner, to: typeof owner) =>
    from.on('message', (message) => {
      const send = () => to.postMessage(message)
      if (held === undefined) send()
      else held.push(send)
    })
  pass(owner, port2 as never)
  pass(port2 as never, owner)
  const remote = await connectRemote(port1)
  const release = () => {
    for (const send of held?.splice(0) ?? []) send()
    held = undefined
  }
  return {
    remote,
    hold() {
      held ??= []
    },
    release,
    async disconnect() {
      release()
      await remote.disconnect()
    },
    die() {
      owner.close()
      port2.close()
    },
  }
}

/** The owner, a client, a client that serves its adapter, and two clients of that one. */
async function connectAll() {
  const driver = databaseSyncDriver(new DatabaseSync(':memory:'), () => undefined)
  const owner = new SqliteAdapter({}, () => driver as never)
  await owner.connect()
  const server = serve(owner)
  const [one, middle] = [await connectThrough(server), await connectThrough(server)]
  const inner = serve(middle.remote)
  const clients = [one, middle, await connectThrough(inner), await connectThrough(inner)]
  return {
    owner,
    clients,
    async close() {
      for (const client of clients) client.die()
      await inner.close()
      await server.close()
      await owner.disconnect()
    },
  }
}

/** A load: whether it waits until it may go on, and how it ends: with an error, a value, or that of a key that it asks for. */
interface Loading {
  readonly waits: boolean
  readonly fails: boolean
  readonly by: number
  readonly key: string
}

const connection = fc.nat({ max: 4 })
const client = fc.nat({ max: 3 })
const key = fc.constantFrom(...KEYS)
const load: fc.Arbitrary<Loading> = fc.record({ waits: fc.boolean(), fails: fc.boolean(), by: connection, key })
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ask: fc.array(load, { minLength: 1, maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ goOn: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ remove: key, by: connection }) },
  { weight: 1, arbitrary: fc.record({ hold: client }) },
  { weight: 1, arbitrary: fc.record({ release: client }) },
  { weight: 1, arbitrary: fc.record({ end: client, dies: fc.boolean() }) },
)

test('every getOrSet settles, whichever clients end and whenever messages arrive, and every key can be loaded after', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat({ max: 3 })), { minLength: 10, maxLength: 40 }), async (steps) => {
      const { owner, clients, close } = await connectAll()
      const all = [owner, ...clients.map(({ remote }) => remote)]
      const waiting: (() => void)[] = []
      /** Asks for the key of the first load, which asks for that of the next. */
      const ask = async ([first, ...rest]: readonly Loading[]): Promise<unknown> => {
        if (first === undefined) return 'value'
        return all[first.by]?.cache.getOrSet(first.key, async () => {
          if (first.waits) await new Promise<void>((goOn) => waiting.push(goOn))
          if (first.fails && rest.length === 0) throw new Error('failed')
          return ask(rest)
        })
      }
      const asked: Promise<unknown>[] = []
      for (const [what, turns] of steps) {
        if ('ask' in what) asked.push(ask(what.ask).catch(() => 'failed'))
        else if ('goOn' in what) waiting.splice(what.goOn, 1)[0]?.()
        else if ('remove' in what) void all[what.by]?.cache.delete(what.remove).catch(() => undefined)
        else if ('hold' in what) clients[what.hold]?.hold()
        else if ('release' in what) clients[what.release]?.release()
        else if (what.dies) clients[what.end]?.die()
        else void clients[what.end]?.disconnect()
        for (let left = turns; left > 0; left--) await turn()
      }
      let settled = 0
      for (const one of asked) void one.then(() => settled++)
      const goOn = async (isDone: () => boolean) => {
        for (let left = 3_000; left > 0 && !isDone(); left--) {
          for (const client of clients) client.release()
          for (const next of waiting.splice(0)) next()
          await turn()
        }
      }
      await goOn(() => settled === asked.length)
      expect(settled, 'settled').toBe(asked.length)
      const loaded = new Set<string>()
      for (const each of KEYS) {
        const after = owner.cache.getOrSet(each, () => 'again').catch(() => undefined)
        void after.then(() => loaded.add(each))
      }
      await goOn(() => loaded.size === KEYS.length)
      expect(loaded.size, 'keys').toBe(KEYS.length)
      await close()
    }),
    { numRuns: proofCount({ inTests: 40, inSoak: 3_000 }) },
  )
}, 600_000)

test('a client whose loads have ended keeps its process alive no longer', async () => {
  const handle = new DatabaseSync(':memory:')
  const adapter = new SqliteAdapter(handle, () => databaseSyncDriver(handle, () => undefined))
  const server = serve(adapter)
  const port = server.createPort()
  const remote = await connectRemote(port)
  const keepsAlive = () => (port as unknown as { hasRef(): boolean }).hasRef()
  const gate = Promise.withResolvers<number>()
  const loads = [1, 2].map(() => remote.cache.getOrSet('k', () => gate.promise))
  await remote.cache.get('other')
  expect(keepsAlive()).toBe(true)
  gate.resolve(1)
  expect(await Promise.all(loads)).toEqual([1, 1])
  await expect.poll(keepsAlive, { timeout: 10_000 }).toBe(false)
  await remote.disconnect()
  await server.close()
  await adapter.disconnect()
})
