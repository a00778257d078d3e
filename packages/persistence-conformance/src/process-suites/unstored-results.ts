import assert from 'node:assert/strict'
import { type EngineSuite, engineSuite } from '../suite.js'
import { withChildren } from './child.js'

const KEYS = 50

export const unstoredResultsOfProcesses: EngineSuite = engineSuite(
  'results that cannot be stored, in several processes',
  (check) => {
    check('the work of a key runs once across all processes, and every caller gets the error', async (world) => {
      await withChildren(world.engine, 4, async (children) => {
        const answers = await Promise.all(
          children.map((child) => child.ask<string[]>(`claim-unstorable ${world.path} ${KEYS}`)),
        )
        for (const answer of answers) assert.deepEqual(answer, Array(KEYS).fill('RESULT_NOT_STORED'))
      })
      const adapter = await world.open()
      for (let key = 0; key < KEYS; key++) {
        assert.equal((await adapter.getState(`k${key}`))?.failureCount, 1, `the work of k${key} ran once`)
      }
    })
  },
)
