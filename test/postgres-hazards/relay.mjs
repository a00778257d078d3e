import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * Leads to one server or another, as a name does that is moved in a failover.
 *
 * @param {string} serverUrl
 * @returns {Promise<{ url: string, leadTo(port: number): void, close(): Promise<void> }>}
 */
export async function relay(serverUrl) {
  let target = Number(new URL(serverUrl).port)
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(serverUrl)
  url.port = String(/** @type {import('node:net').AddressInfo} */ (server.address()).port)
  return {
    url: url.href,
    leadTo(port) {
      target = port
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
