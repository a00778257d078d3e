import { randomUUID } from 'node:crypto'
import type { LockProvider } from '@go-go-scope/persistence-sqlite'
import pg from 'pg'

interface Hold {
  owner: string
  client: pg.Client
}

/**
 * The counterpart of process-lock.ts for a server: a lock that ends with its process, however the process dies. The server
 * releases a session's advisory lock when its connection ends, so the next process does not wait for a lease to expire.
 */
export function serverLock(url: string): LockProvider {
  const held = new Map<string, Hold>()

  return {
    async acquire(key, _ttl, owner = randomUUID()) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      const { rows } = await client.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken', [key])
      if (rows[0].taken !== true) {
        await client.end()
        return null
      }
      const hold = { owner, client }
      held.set(key, hold)
      // The lock is lost with the connection.
      client.on('error', () => held.delete(key))
      const isValid = async () => held.get(key) === hold
      return { release: () => release(key, hold), isValid, extend: isValid }
    },

    async extend(key, _ttl, owner) {
      return held.get(key)?.owner === owner
    },

    async forceRelease(key) {
      const hold = held.get(key)
      if (hold !== undefined) await release(key, hold)
    },
  }

  async function release(key: string, hold: Hold): Promise<void> {
    if (held.get(key) !== hold) return
    held.delete(key)
    await hold.client.end()
  }
}
