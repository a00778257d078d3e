import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { within } from './deadline.js'
import { type PgClientLike, PgWire } from './pg-wire.js'
import type { Source } from './wire.js'

export interface PooledPgClientLike extends PgClientLike {
  release(broken?: boolean): void
}

/** The few methods of a pool of `pg` that are used here. */
export interface PgPoolLike {
  connect(callback: (error: Error | undefined, client: PooledPgClientLike | undefined) => void): void
  on(event: string, listener: (error: Error) => void): unknown
  end(): Promise<void>
}

// ms that a server which is gone without a word is given to take the end of a connection.
const CLOSING_MS = 1_000

/** Pools whose errors are listened to: one may see many adapters come and go. */
const listenedTo = new WeakSet<PgPoolLike>()

/** Connections of the app's pool, each held until the adapter disconnects. */
export function pgPool(pool: PgPoolLike): Source {
  // A connection that ends in the pool is made anew by it; without a listener it would end the process.
  if (!listenedTo.has(pool)) pool.on('error', () => undefined)
  listenedTo.add(pool)
  // By its callback: what the server says right behind its greeting, such as its end, is read before a promise resolves,
  // and the client would have no listener.
  const connect = (): Promise<PgWire> =>
    new Promise((resolve, reject) => {
      pool.connect((error, client) => {
        if (client === undefined) reject(error)
        else resolve(new PgWire(client, async (broken) => client.release(broken)))
      })
    })
  return {
    engine: 'pg',
    several: true,
    pooled: true,
    connect,
    listen: async (channel, listener) => (await connect()).listen(channel, listener),
    end: () => pool.end(),
  }
}

/** The one connection of the app's client, which is connected. */
export function pgClient(client: PgClientLike): Source {
  const wire = new PgWire(client, async () => undefined)
  return {
    engine: 'pg',
    several: false,
    async connect() {
      if (wire.lost) throw new Error('the client has ended; give the adapter a pool, which makes new connections')
      // It would keep what is sent until then, for ever.
      if (client._connecting === false && client._connected === false) throw notConnected()
      return wire
    },
    end: () => endOf(client),
  }
}

/** Ends a client for good. A server that is gone without a word is not waited for, which the client would do for many minutes. */
function endOf(client: PgClientLike): Promise<void> {
  // That the connection breaks meanwhile is no news, and without a listener it would end the process.
  client.on('error', () => undefined)
  const { stream } = (client.connection ?? {}) as { stream?: { destroy?(): unknown } }
  return within<void>(CLOSING_MS, client.end(), async () => void stream?.destroy?.())
}

function notConnected(): PersistenceError {
  return new PersistenceError(
    'INVALID_ARGUMENT',
    'connect',
    'connect: the client of pg is not connected; await client.connect() first, or give the adapter a pool',
  )
}

/** Connections of its own. @param make Loads the library and makes an unconnected client. */
export function pgClients(make: () => Promise<PgClientLike & { connect(): Promise<unknown> }>): Source {
  const connect = async (): Promise<PgWire> => {
    const client = await make()
    const wire = new PgWire(client, () => endOf(client))
    try {
      await client.connect()
    } catch (error) {
      // The caller needs the error of connecting, not one of ending.
      void endOf(client).catch(() => undefined)
      throw error
    }
    return wire
  }
  return {
    engine: 'pg',
    several: true,
    connect,
    listen: async (channel, listener) => (await connect()).listen(channel, listener),
    end: async () => undefined,
  }
}
