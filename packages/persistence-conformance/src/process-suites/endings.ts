import assert from 'node:assert/strict'
import { type EngineSuite, engineSuite } from '../suite.js'
import { Child, withChildren } from './child.js'

export const endings: EngineSuite = engineSuite('endings', (check) => {
  check('a process that forgets to disconnect ends by itself, in silence, and loses nothing', async (world) => {
    const child = new Child(world.engine, 'forget-to-disconnect', world.path)
    const { code, signal, stdout, stderr } = await withChildren([child], () => child.ended)
    assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: 'written\n', stderr: '' })
    const adapter = await world.open()
    assert.equal(await adapter.cache.get('k'), 1)
  })
})
