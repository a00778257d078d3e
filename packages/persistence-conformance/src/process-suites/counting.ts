import assert from 'node:assert/strict'
import { type EngineSuite, engineSuite } from '../suite.js'
import { Child, withChildren } from './child.js'

const CALLS = 200

export const counting: EngineSuite = engineSuite('counting in several processes', (check) => {
  check('failures recorded by several processes count exactly, one by one and in waves', async (world) => {
    const inFlight = [1, 25, 1, 100]
    const children = inFlight.map(() => new Child(world.engine, 'count-failures'))
    await withChildren(children, async () => {
      await Promise.all(children.map((child) => child.ready()))
      const counts = await Promise.all(
        children.map((child, index) => child.order<number[]>(`${world.path} ${CALLS} ${inFlight[index]}`)),
      )
      for (const own of counts)
        assert.deepEqual(
          own,
          own.toSorted((a, b) => a - b),
          'a process sees its own counts grow',
        )
      assert.deepEqual(
        counts.flat().toSorted((a, b) => a - b),
        Array.from({ length: CALLS * children.length }, (_, index) => index + 1),
        'every count was given once and none left out',
      )
      await Promise.all(children.map((child) => child.dismiss()))
    })
    const adapter = await world.open()
    assert.equal((await adapter.getState('api'))?.failureCount, CALLS * inFlight.length)
  })
})
