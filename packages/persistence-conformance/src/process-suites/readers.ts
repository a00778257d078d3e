import assert from 'node:assert/strict'
import { refuses } from '../refusal.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { withChild } from './child.js'

const TIMES = 300

export const readersBesideWriters: EngineSuite = engineSuite('readers while a process writes', (check) => {
  check('readOnly reads whole commits, in order, up to the last', async (world) => {
    await withChild(world.engine, async (child) => {
      await child.ask(`write-pairs open ${world.path}`)
      const reader = await world.open({ readOnly: true })
      let over = false
      const written = child.ask<number>(`write-pairs write ${TIMES}`).finally(() => {
        over = true
      })
      let last = 0
      const seen = new Set<number>()
      while (!over) {
        const pair = await reader.cache.getMany<number>(['left', 'right'])
        const left = pair.get('left') ?? 0
        assert.equal(pair.get('right') ?? 0, left, 'half a commit')
        assert.ok(left >= last, `${left} after ${last}`)
        seen.add(left)
        last = left
        await new Promise((resolve) => setImmediate(resolve))
      }
      assert.equal(await written, TIMES)
      assert.equal(await reader.cache.get('right'), TIMES)
      assert.ok(seen.size > 1, 'it read while the other process wrote')
      await refuses(() => reader.cache.set('left', 0), { code: 'READ_ONLY' })
    })
  })

  check('immutable is refused while another process can write, where the operating system tells', async (world) => {
    await withChild(world.engine, async (child) => {
      await child.ask(`write-pairs open ${world.path}`)
      // The WAL is empty, so that only the lock is in the way.
      await world.rows('PRAGMA wal_checkpoint(TRUNCATE)')
      await world.closeRaw()
      if (process.platform === 'linux') {
        await refuses(() => world.open({ immutable: true }), {
          code: 'FILE_IN_USE',
          says: ['another process', 'app.db', 'readOnly: true instead'],
        })
      }
      await child.ask('leave')
      const reader = await world.open({ readOnly: true })
      assert.equal(await reader.cache.get('left'), null)
    })
  })
})
