import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { isIP } from 'node:net'
import type { WriteUnder } from '@go-go-scope/persistence-inspector'
import { UsageError } from './exit-codes.js'
import { interrupted } from './interrupted.js'
import { withDatabase } from './open-database.js'
import { write as print, say } from './output.js'

export interface ServeOptions {
  readonly port?: number | undefined
  /** The address to listen on, instead of the loopback addresses. */
  readonly host?: string | undefined
  /** The host name of a TLS proxy that forwards requests. */
  readonly behindTls?: string | undefined
  readonly immutable?: boolean | undefined
  readonly values?: boolean | undefined
  /** Whether the page may make changes. */
  readonly write?: boolean | undefined
}

const ANY_PORT = 0
const LAST_PORT = 65_535
/** Tries to find a port, because one that is free at one address may be in use at the other. */
const TRIES = 10

/**
 * Serves the inspector page of a database until the process is interrupted. The database is opened for reading, and with `write`
 * once more for each change, under the prefix of the change.
 */
export async function serve(
  path: string,
  { port = ANY_PORT, host, behindTls, immutable, values, write: mayWrite }: ServeOptions,
): Promise<void> {
  if (host !== undefined && behindTls === undefined) {
    throw new UsageError('--host takes --behind-tls NAME: without TLS, others on the network could read the token')
  }
  if (immutable === true && mayWrite === true) {
    throw new UsageError('--immutable is for a file that nobody can change, and --write is for changes: one of the two')
  }
  if (port > LAST_PORT) throw new UsageError(`--port must be a whole number from 1 to ${LAST_PORT}, got ${port}`)
  const [{ inspector, OWN_MACHINE }, { toNodeHandler }] = await Promise.all([
    import('@go-go-scope/persistence-inspector'),
    import('@go-go-scope/persistence-inspector/node'),
  ])
  await withDatabase(path, { immutable }, async (database) => {
    const token = randomUUID()
    const hosts = [...OWN_MACHINE, ...(behindTls === undefined ? [] : [behindTls])]
    const writeUnder: WriteUnder = (prefix, change) => withDatabase(path, { prefix, write: true }, change)
    const write = mayWrite === true && writeUnder
    const handler = toNodeHandler(inspector(database, { token, hosts, values: values === true, write }))
    const addresses = OWN_MACHINE.map((name) => name.replaceAll(/[[\]]/g, '')).filter((name) => isIP(name) !== 0)
    const servers = await listen(host === undefined ? addresses : [host], port, () =>
      createServer((request, response) => void handler(request, response)),
    )
    const stopped = interrupted()
    const taken = portOf(servers)
    const origin = behindTls === undefined ? `http://127.0.0.1:${taken}` : `https://${behindTls}`
    await print(`${origin}/#token=${token}\n`)
    say(`Open this address; Ctrl-C ends it.${behindTls === undefined ? '' : ` It listens at port ${taken}.`}`)
    await stopped
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })
}

/** Starts one server per address, all on one port. An address that this machine lacks is skipped if another one works. */
async function listen(addresses: readonly string[], port: number, make: () => Server): Promise<Server[]> {
  for (let tries = 1; ; tries++) {
    const servers: Server[] = []
    try {
      for (const address of addresses) {
        const server = await listenAt(make(), address, portOf(servers) ?? port)
        if (server !== undefined) servers.push(server)
      }
      if (servers.length > 0) return servers
      throw new UsageError(`this machine has no address ${addresses.join(' or ')}`)
    } catch (error) {
      for (const server of servers) server.close()
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      // Otherwise `localhost` could reach another user's program, which would then get the token.
      if (port !== ANY_PORT || tries === TRIES) throw new UsageError(`the port ${port} is taken; choose another --port`)
    }
  }
}

function portOf([first]: readonly Server[]): number | undefined {
  const address = first?.address()
  return typeof address === 'object' ? address?.port : undefined
}

/** Returns `undefined` if the machine does not have that address. */
async function listenAt(server: Server, host: string, port: number): Promise<Server | undefined> {
  try {
    // `once` also rejects on an error.
    await once(server.listen(port, host), 'listening')
    return server
  } catch (error) {
    if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw error
  }
}
