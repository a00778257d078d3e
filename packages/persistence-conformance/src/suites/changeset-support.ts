import assert from 'node:assert/strict'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'

const WITHOUT_SESSIONS = ['sqlite3', 'bun:sqlite']

export const changesetSupport: EngineSuite = engineSuite('changesets', (check) => {
  check('work if the engine has sessions; otherwise the error names the engines that have them', async (world) => {
    const handle = await world.handle()
    const adapter = await world.connected(handle)
    await world.engine.rows(handle, 'CREATE TABLE mine (id INTEGER PRIMARY KEY)')
    const made = world.engine.changesets(adapter as never, { tables: ['mine'] })
    if (WITHOUT_SESSIONS.includes(world.engine.name) || process.version.startsWith('v22.13.')) {
      await refuses(() => made, {
        code: 'ENGINE_UNSUPPORTED',
        says: [world.engine.name, '@go-go-scope/persistence-sqlite-node'],
      })
      return
    }
    const recording = await (await made).record()
    await world.engine.rows(handle, 'INSERT INTO mine VALUES (1)')
    assert.ok((await recording.take()).length > 0)
    await recording.close()
  })
})
