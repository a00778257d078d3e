import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** @typedef {import('node:net').Socket} Socket */

/**
 * @typedef {object} Proxy
 * @property {string} url leads to the server through the proxy
 * @property {() => void} endAll ends every connection
 * @property {() => Promise<void>} close
 */

/**
 * Starts a proxy between clients and a server.
 *
 * @param {string} serverUrl
 * @param {(client: Socket, server: Socket) => void} join what it does with each connection
 * @param {object} [options]
 * @param {() => number} [options.target] the port for a new connection; by default that of the URL
 * @param {() => boolean} [options.silent] whether a client's end is not answered, as in a network that drops all packets
 * @returns {Promise<Proxy>}
 */
export async function startProxy(serverUrl, join, { target, silent = () => false } = {}) {
  const { hostname, port } = new URL(serverUrl)
  /** @type {Set<Socket>} */
  const sockets = new Set()
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect(target?.() ?? Number(port), hostname)
    client.on('end', () => {
      if (!silent()) client.end()
    })
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    server.on('close', () => client.destroy())
    client.on('close', () => server.destroy())
    join(client, server)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = new URL(serverUrl)
  url.port = String(/** @type {import('node:net').AddressInfo} */ (proxy.address()).port)
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    endAll,
    async close() {
      endAll()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
