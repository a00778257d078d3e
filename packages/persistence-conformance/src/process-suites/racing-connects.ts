import assert from 'node:assert/strict'
import { createPublishedTables, writePublishedRows } from '../published-schema.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { withChildren } from './child.js'

const PROCESSES = 4

interface Arrival {
  expiresAt?: number
}

export const racingConnects: EngineSuite = engineSuite('racing connects', (check) => {
  check('4 processes that open a file of 2.9 at once convert it once', async (world) => {
    await withChildren(world.engine, PROCESSES, async (children) => {
      // Set to the real time, because the child processes use the real clock.
      world.clock.jump(Date.now() - world.clock.now())
      await createPublishedTables(world)
      await writePublishedRows(world)
      await world.closeRaw()
      const arrivals = await Promise.all(children.map((child) => child.ask<Arrival>(`connect open ${world.path}`)))
      const expiresAt = Math.floor((world.clock.now() + 3_600_000) / 1_000) * 1_000
      for (const arrival of arrivals) assert.equal(arrival.expiresAt, expiresAt)
    })
  })
})
