import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { type Server, startServer } from '../postgres/server/start-server.mjs'
import { disconnectAfterEach, eventually, newSchema, opens } from './server-adapters.js'

disconnectAfterEach()

proveCell()

let server: Server
beforeAll(async () => {
  server = await startServer()
}, 60_000)
afterAll(() => server.stop())

/** Returns the process ids of the postmaster and its connections. */
function processesOf(postmaster: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(postmaster)
      } catch {
        // It has ended meanwhile.
        return false
      }
    })
  return [postmaster, ...children.map(Number)]
}

test('a server that is stopped past a lease: the signal of the holder aborts in time, and it writes nothing afterwards', async () => {
  const schema = newSchema()
  const [holder, other] = [
    await opens(schema, { busyTimeout: 60_000 }, server.url),
    await opens(schema, { busyTimeout: 60_000 }, server.url),
  ]
  const lock = await holder.acquire('job', 1_500)
  if (lock === null) throw new Error('the lock is free')
  const { signal } = lock
  const stopped = processesOf(Number(server.pid))
  let granted: number | undefined
  try {
    for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    // Both calls are in flight while the server is stopped.
    const next = other.acquire('job', 60_000).then((answer) => {
      granted = answer?.token
      return answer
    })
    await eventually(async () => (signal.aborted ? true : undefined))
    expect(granted, 'nobody has it yet').toBeUndefined()
    const late = holder.fenced(lock, [{ sql: 'CREATE TABLE written_late ()' }]).catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 500))
    for (const pid of stopped) process.kill(pid, 'SIGCONT')
    expect((await next)?.token).toBeGreaterThan(lock.token)
    expect(await late).toMatchObject({ code: 'LOCK_LOST' })
    expect(await lock.isValid()).toBe(false)
    expect(await lock.release()).toBe(false)
  } finally {
    for (const pid of stopped) process.kill(pid, 'SIGCONT')
  }
})
