import { type EngineSuite, engineSuite } from '../suite.js'
import { dismissChildren, withChild } from './child.js'

// The last suite, because by then the processes have used files of every test.
export const dismissed: EngineSuite = engineSuite('processes that are not needed any more', (check) => {
  check('end by themselves, with exit code 0 and without output', async ({ engine }) => {
    await withChild(engine, async () => undefined)
    await dismissChildren(engine)
  })
})
