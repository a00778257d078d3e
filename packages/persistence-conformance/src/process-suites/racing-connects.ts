import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createPublishedTables, writePublishedRows } from '../published-schema.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { Child, withChildren } from './child.js'

const PROCESSES = 8

interface Arrival {
  count: number
  expiresAt?: number
}

const oneEach = Array.from({ length: PROCESSES }, (_, index) => index + 1)
const countsOf = (arrivals: readonly Arrival[]): number[] =>
  arrivals.map(({ count }) => count).toSorted((a, b) => a - b)

export const racingConnects: EngineSuite = engineSuite('racing connects', (check) => {
  check('8 processes that meet on a missing file all connect, to one schema', async (world) => {
    const children = Array.from({ length: PROCESSES }, () => new Child(world.engine, 'connect'))
    await withChildren(children, async () => {
      await Promise.all(children.map((child) => child.ready()))
      for (const [round, way] of ['open', 'handle', 'open', 'handle'].entries()) {
        const path = join(world.folder, `round-${round}.db`)
        const arrivals = await Promise.all(children.map((child) => child.order<Arrival>(`${way} ${path}`)))
        assert.deepEqual(countsOf(arrivals), oneEach)
      }
      await Promise.all(children.map((child) => child.dismiss()))
    })
  })

  check('8 processes that meet on a file of 2.9 convert it once', async (world) => {
    const children = Array.from({ length: PROCESSES }, () => new Child(world.engine, 'connect'))
    await withChildren(children, async () => {
      await Promise.all(children.map((child) => child.ready()))
      // By the real clock, which is the one the children go by.
      world.clock.jump(Date.now() - world.clock.now())
      await createPublishedTables(world)
      await writePublishedRows(world)
      await world.closeRaw()
      const arrivals = await Promise.all(children.map((child) => child.order<Arrival>(`open ${world.path}`)))
      const expiresAt = Math.floor((world.clock.now() + 3_600_000) / 1_000) * 1_000
      for (const arrival of arrivals) assert.equal(arrival.expiresAt, expiresAt)
      await Promise.all(children.map((child) => child.dismiss()))
    })
  })
})
