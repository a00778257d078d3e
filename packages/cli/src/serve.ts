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
  /** An address to listen at, instead of those of this machine alone. */
  readonly host?: string | undefined
  /** The name under which a proxy with TLS is reached that hands requests on. */
  readonly behindTls?: string | undefined
  readonly values?: boolean | undefined
  /** Whether the page may change what is there. */
  readonly write?: boolean | undefined
}

const ANY_PORT = 0
const LAST_PORT = 65_535
/** A port that is free at one address may be taken at the other. */
const TRIES = 10

/**
 * Serves the page that shows what is in a database, until the process is interrupted. It is opened for reading, and with
 * `write` once more for each change, under its prefix.
 */
export async function serve(
  path: string,
  { port = ANY_PORT, host, behindTls, values, write: mayWrite }: ServeOptions,
): Promise<void> {
  if (host !== undefined && behindTls === undefined) {
    throw new UsageError('--host takes --behind-tls NAME: without TLS, others on the network could read the token')
  }
  if (port > LAST_PORT) throw new UsageError(`--port must be a whole number from 1 to ${LAST_PORT}, got ${port}`)
  const [{ inspector, OWN_MACHINE }, { toNodeHandler }] = await Promise.all([
    import('@go-go-scope/persistence-inspector'),
    import('@go-go-scope/persistence-inspector/node'),
  ])
  await withDatabase(path, {}, async (database) => {
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

/** One server at each address, all at one port. An address that this machine does not have is left out, if there is another. */
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
      // Else `localhost` could lead to a program of somebody else, which would then be sent the token.
      if (port !== ANY_PORT || tries === TRIES) throw new UsageError(`the port ${port} is taken; choose another --port`)
    }
  }
}

function portOf([first]: readonly Server[]): number | undefined {
  const address = first?.address()
  return typeof address === 'object' ? address?.port : undefined
}

/** @returns `undefined` where the machine does not have that address. */
async function listenAt(server: Server, host: string, port: number): Promise<Server | undefined> {
  try {
    // Rejects with an error that comes first.
    await once(server.listen({ host, port, exclusive: true }), 'listening')
    return server
  } catch (error) {
    if (['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String((error as NodeJS.ErrnoException).code))) return undefined
    throw error
  }
}
