import { randomUUID } from 'node:crypto'
import type { LockProvider } from '@go-go-scope/persistence-sqlite'
import type { OpenEngine } from './engine.ts'

/**
 * A lock between processes, as a provider for `scope({ persistence: { lock } })`.
 *
 * The adapter has one too (`locks: 'database'`), with a lease that ends by itself and a token that keeps a late writer
 * out. After a kill, though, the next process has to wait for the end of that lease. This lock is a write transaction
 * held open on a small file beside the database: the operating system ends it with the process, however that dies, so
 * the next one can start at once; and a process that is merely paused keeps its lock. The time to live is therefore not
 * used. It is taken before the database is opened, which makes it safe to delete the database under it. Each key is held
 * at most once, also by its owner.
 */
export function processLock(open: OpenEngine, databaseFile: string): LockProvider {
  const held = new Map<string, { owner: string; release(): Promise<void> }>()

  return {
    async acquire(key, _ttl, owner = randomUUID()) {
      const engine = await open(`${databaseFile}-${key.replaceAll(/[^a-z0-9]+/gi, '-')}`)
      try {
        // One try, never a wait: the caller decides how long to go on asking.
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
