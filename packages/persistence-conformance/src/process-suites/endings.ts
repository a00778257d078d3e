import assert from 'node:assert/strict'
import { withProcesses } from '../process/line-process.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { startChild } from './child.js'

export const endings: EngineSuite = engineSuite('endings', (check) => {
  check('a process that does not disconnect ends by itself, without output, and loses nothing', async (world) => {
    const child = startChild(world.engine, 'forget-to-disconnect', world.path)
    await withProcesses([child], async () => {
      assert.equal(await child.next(), 'written')
      assert.equal(await child.next(), undefined)
      assert.deepEqual(await child.ended, { code: 0, signal: null, stderr: '' })
    })
    const adapter = await world.open()
    assert.equal(await adapter.cache.get('k'), 1)
  })
})
