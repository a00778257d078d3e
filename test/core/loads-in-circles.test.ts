import { SqliteAdapter } from '@go-go-scope/persistence-core'
import { connectRemote, type PersistenceServer, serve } from '@go-go-scope/persistence-core/remote'
import { DatabaseSync } from '@photostructure/sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proofCount } from '../proof/proof-count.js'
import { databaseSyncDriver } from './database-sync-driver.js'

type Connection = Pick<SqliteAdapter, 'cache' | 'disconnect'>

/**
 * The load of a key: the connection that runs it, the key that it requests, if any, and the connection that it asks. It may have
 * requested another key before, which it has given up.
 */
interface Loading {
  readonly by: number
  readonly asks: number | undefined
  readonly through: number
  readonly gaveUp: number | undefined
}

const KEYS = 6

/** The owner, two clients, a client that serves its adapter, and two clients of that one. */
const connections: Connection[] = []
const servers: PersistenceServer[] = []
beforeAll(async () => {
  const driver = databaseSyncDriver(new DatabaseSync(':memory:'), () => undefined)
  const owner = new SqliteAdapter({}, () => driver as never)
  await owner.connect()
  const server = serve(owner)
  const clients = await Promise.all([1, 2, 3].map(() => connectRemote(server.createPort())))
  const between = serve(clients[2] as object)
  const behind = await Promise.all([1, 2].map(() => connectRemote(between.createPort())))
  connections.push(owner, ...clients, ...behind)
  servers.push(server, between)
})
afterAll(async () => {
  for (const connection of connections.slice().reverse()) await connection.disconnect()
  for (const server of servers) await server.close()
})

const connection = fc.nat({ max: 5 })
const loading: fc.Arbitrary<Loading> = fc.record({
  by: connection,
  asks: fc.option(fc.nat({ max: KEYS - 1 }), { nil: undefined, freq: 8 }),
  through: connection,
  gaveUp: fc.option(fc.nat({ max: KEYS - 1 }), { nil: undefined }),
})

/** Returns whether the requested keys lead from the key back to itself, into another circle, or to an end. */
function reaches(loads: readonly Loading[], from: number): 'itself' | 'a circle' | 'an end' {
  const seen = new Set<number>()
  for (let at: number | undefined = from; at !== undefined; at = loads[at]?.asks) {
    if (seen.has(at)) return at === from ? 'itself' : 'a circle'
    seen.add(at)
  }
  return 'an end'
}

/** All owners have read what their clients have sent. */
async function haveRead(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await Promise.all(connections.map(({ cache }) => cache.get('none')))
}

/** A load that all its callers in two connections have given up, and that closes a circle when one of them asks for it again. */
const GIVEN_UP_BY_ALL: [Loading[], number[]] = [
  [
    { by: 0, asks: 1, through: 3, gaveUp: 2 },
    { by: 0, asks: 4, through: 0, gaveUp: undefined },
    { by: 0, asks: 0, through: 0, gaveUp: undefined },
    { by: 0, asks: undefined, through: 0, gaveUp: undefined },
    { by: 0, asks: 2, through: 4, gaveUp: 2 },
    { by: 0, asks: undefined, through: 0, gaveUp: undefined },
  ],
  [1, 3, 2, 5, 0, 4],
]

let runs = 0

test('loads that wait for each other in a circle, and only those, are refused, over any connections', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(loading, { minLength: KEYS, maxLength: KEYS }),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: KEYS }),
      async (loads, order) => {
        const run = runs++
        const keyOf = (load: number) => `${run}-${load}`
        const gates = loads.map(() => Promise.withResolvers<void>())
        const begun = loads.map(() => Promise.withResolvers<void>())
        const [allBegun, caller] = [Promise.withResolvers<void>(), new AbortController()]
        const outcomes = new Map<number, string>()
        const all = loads.map(async ({ by, asks, through, gaveUp }, at) => {
          const ask = (key: number, signal?: AbortSignal) =>
            connections[through]?.cache.getOrSet(keyOf(key), () => 'again', { signal })
          const load = async () => {
            begun[at]?.resolve()
            await allBegun.promise
            if (gaveUp !== undefined) void ask(gaveUp, caller.signal)?.catch(() => undefined)
            await gates[at]?.promise
            return asks === undefined ? 'end' : ask(asks)
          }
          try {
            await connections[by]?.cache.getOrSet(keyOf(at), load)
            outcomes.set(at, 'value')
          } catch (error) {
            outcomes.set(at, (error as { code: string }).code)
          }
        })
        await Promise.all(begun.map(({ promise }) => promise))
        allBegun.resolve()
        await haveRead()
        caller.abort()
        await haveRead()
        for (const at of order) gates[at]?.resolve()
        for (let turns = 0; outcomes.size < KEYS && turns < 2_000; turns++) await new Promise(setImmediate)
        for (const [at] of loads.entries()) {
          const reached = reaches(loads, at)
          const gaveUp = loads.some((load) => load.gaveUp !== undefined)
          if (reached === 'itself' && !gaveUp) expect(outcomes.get(at), `load ${at}`).toBe('INVALID_ARGUMENT')
          else if (reached === 'an end') expect(outcomes.get(at), `load ${at}`).toBe('value')
          // The circle may have been refused before this load asked. A load that was given up and then failed is loaded again.
          else expect(outcomes.get(at), `load ${at}`).toMatch(/^(value|INVALID_ARGUMENT)$/)
        }
        await Promise.all(all)
      },
    ),
    { numRuns: proofCount({ inTests: 150, inSoak: 2_000 }), examples: [GIVEN_UP_BY_ALL] },
  )
}, 600_000)
