import { PersistenceError } from '@go-go-scope/persistence-core/dialect'
import { within } from './deadline.js'
import { type PgClientLike, PgWire } from './pg-wire.js'
import type { Source } from './wire.js'

export interface PooledPgClientLike extends PgClientLike {
  release(broken?: boolean): void
}

/** The members of a pool of `pg` that are used here. */
export interface PgPoolLike {
  connect(callback: (error: Error | undefined, client: PooledPgClientLike | undefined) => void): void
  on(event: string, listener: (error: Error) => void): unknown
  end(): Promise<void>
}

// ms to wait for a server to confirm the end of a connection. A server that vanished never confirms.
const CLOSING_MS = 1_000

/** Pools that have our error listener. A pool may outlive many adapters and needs only one. */
const listenedTo = new WeakSet<PgPoolLike>()

/** Returns the connections of the app's pool, each held until the adapter disconnects. */
export function pgPool(pool: PgPoolLike): Source {
  // The pool replaces an idle connection that ends. Without a listener its error would crash the process.
  if (!listenedTo.has(pool)) pool.on('error', () => undefined)
  listenedTo.add(pool)
  // The callback form, because a message right after the server's greeting, such as its shutdown, is read before a promise
  // resolves. The client would have no listener then.
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

/** Returns the one connection of the app's client, which must be connected. */
export function pgClient(client: PgClientLike): Source {
  const wire = new PgWire(client, async () => undefined)
  return {
    engine: 'pg',
    several: false,
    async connect() {
      if (wire.lost) throw new Error('the client has ended; give the adapter a pool')
      // A client that is not connected queues statements forever.
      if (client._connecting === false && client._connected === false) throw notConnected()
      return wire
    },
    end: () => endOf(client),
  }
}

/** Ends a client for good. The client itself would wait many minutes for a server that vanished. */
function endOf(client: PgClientLike): Promise<void> {
  // The connection may break meanwhile. Without a listener that would crash the process.
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

/** Returns new connections, one client each. @param make Loads the library and makes an unconnected client. */
export function pgClients(make: () => Promise<PgClientLike & { connect(): Promise<unknown> }>): Source {
  const connect = async (): Promise<PgWire> => {
    const client = await make()
    const wire = new PgWire(client, () => endOf(client))
    try {
      await client.connect()
    } catch (error) {
      // The caller needs the error of connecting, not one of ending the client.
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
