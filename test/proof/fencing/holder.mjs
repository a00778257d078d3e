// holder.mjs <engine> <path> <fenced or unfenced> <ttl in ms>: at each order waits for the lock, reports the grant, works a
// moment, and writes its token into the journal, either in a fenced transaction or without checking the lock.
import { setTimeout as pause } from 'node:timers/promises'
import { say, takeOrders } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = '', way, ttl] = processArguments
const SHORTEST_WORK_MS = 2
// Waiters leave the cores to the holder.
const POLL_MS = 5
const INSERT = 'INSERT INTO journal (token) VALUES (?)'

const adapter = await engine.SQLiteAdapter.open(path, {
  locks: 'database',
  durability: 'process',
  busyTimeout: 30_000,
})
const past = await engine.openHandle(path)
await engine.rows(past, 'PRAGMA busy_timeout = 30000')

await takeOrders(async () => {
  let handle = await adapter.lock.acquire('job', Number(ttl))
  while (handle === null) {
    await pause(POLL_MS * (1 + Math.random()))
    handle = await adapter.lock.acquire('job', Number(ttl))
  }
  say({ value: handle.token })
  await pause(SHORTEST_WORK_MS + Math.random() * SHORTEST_WORK_MS * 3)
  try {
    if (way === 'fenced') {
      await adapter.fenced(/** @type {never} */ (handle), [{ sql: INSERT, parameters: [handle.token] }])
    } else {
      await engine.rows(past, INSERT, [handle.token])
    }
    return { wrote: true, aborted: handle.signal.aborted }
  } catch (error) {
    if (/** @type {{ code?: unknown }} */ (error).code !== 'LOCK_LOST') throw error
    return { wrote: false, aborted: handle.signal.aborted }
  } finally {
    await handle.release()
  }
})
await engine.closeHandle(past)
await adapter.disconnect()
