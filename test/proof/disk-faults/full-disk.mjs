// full-disk.mjs <engine> <folder>: fills the small file system of the folder, checks that acknowledged writes are there, frees
// some space, continues, and prints its findings as one line of JSON.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const path = join(folder, 'app.db')
const ballast = join(folder, 'ballast')
const BALLAST_BYTES = 60_000
const VALUE = 'x'.repeat(400)
const MOST = 1_000

/** @typedef {Awaited<ReturnType<typeof engine.SQLiteAdapter.open>>} Adapter */

/** @param {Adapter} adapter */
async function fill(adapter) {
  for (let number = 0; number < MOST; number++) {
    try {
      await adapter.cache.set(`k${number}`, VALUE)
    } catch (error) {
      const { _tag, code } = /** @type {{ _tag?: unknown, code?: unknown }} */ (error)
      return { acknowledged: number, code: _tag === 'PersistenceError' ? code : String(error) }
    }
  }
  return { acknowledged: MOST, code: null }
}

/**
 * @param {Adapter} adapter
 * @param {number} acknowledged
 */
async function countLost(adapter, acknowledged) {
  let lost = 0
  for (let number = 0; number < acknowledged; number++) if ((await adapter.cache.get(`k${number}`)) !== VALUE) lost++
  return lost
}

writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES))
const adapter = await engine.SQLiteAdapter.open(path)
const { acknowledged, code } = await fill(adapter)
const lostWhileFull = await countLost(adapter, acknowledged)
rmSync(ballast)
await adapter.cache.set('after', 1)
await adapter.idempotency.set('after', 1)
await adapter.disconnect()

const again = await engine.SQLiteAdapter.open(path)
const lost = await countLost(again, acknowledged)
const after = (await again.cache.get('after')) === 1 && (await again.idempotency.get('after')) !== null
await again.disconnect()
const handle = await engine.openHandle(path)
const [check] = await engine.rows(handle, 'PRAGMA integrity_check')
await engine.closeHandle(handle)
say({ acknowledged, code, lostWhileFull, lost, after, integrity: check?.integrity_check })
