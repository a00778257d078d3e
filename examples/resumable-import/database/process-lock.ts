import { randomUUID } from 'node:crypto'
import type { LockProvider } from '@go-go-scope/persistence-sqlite'
import type { OpenEngine } from './engine.ts'

/**
 * A lock between processes, as a provider for `scope({ persistence: { lock } })`.
 *
 * The adapter has one too (`locks: 'database'`), with a lease that expires and a fencing token that stops a late writer. But
 * after a kill, the next process has to wait until that lease expires. This lock is a write transaction that is held open on a
 * small file next to the database. The operating system ends it with the process, however the process dies, so the next one
 * can start at once, and a paused process keeps its lock. So the time to live is not used. The lock is acquired before the
 * database is opened, which makes it safe to delete the database while holding it. Each key is held at most once, even by
 * the same owner.
 */
export function processLock(open: OpenEngine, databaseFile: string): LockProvider {
  const held = new Map<string, { owner: string; release(): Promise<void> }>()

  return {
    async acquire(key, _ttl, owner = randomUUID()) {
      const engine = await open(`${databaseFile}-${key.replaceAll(/[^a-z0-9]+/gi, '-')}`)
      try {
        // Tries once and never waits. The caller decides how long to retry.
        await engine.rows('PRAGMA busy_timeout = 0')
        await engine.rows('BEGIN IMMEDIATE')
      } catch (error) {
        await engine.close()
        if (/database is locked/.test(String(error))) return null
        throw error
      }
      const hold = {
        owner,
        async release() {
          if (held.get(key) !== hold) return
          held.delete(key)
          await engine.rows('ROLLBACK')
          await engine.close()
        },
      }
      held.set(key, hold)
      const isValid = async () => held.get(key) === hold
      return { release: hold.release, isValid, extend: isValid }
    },

    async extend(key, _ttl, owner) {
      return held.get(key)?.owner === owner
    },

    async forceRelease(key) {
      await held.get(key)?.release()
    },
  }
}
