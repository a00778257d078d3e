import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * @typedef {object} CuttingProxy
 * @property {string} url leads to the server by way of the proxy
 * @property {(bytes: number) => void} cutAfter passes on so many bytes of the server's next answers, swallows the rest and
 *   then ends the connection; once
 * @property {boolean} cut whether it has
 * @property {() => Promise<void>} close
 */

/**
 * A proxy that loses answers: the server has done what it was asked, and the client does not hear of it.
 *
 * @param {string} serverUrl
 * @returns {Promise<CuttingProxy>}
 */
export async function cuttingProxy(serverUrl) {
  const { hostname, port } = new URL(serverUrl)
  let left = Number.POSITIVE_INFINITY
  let cut = false
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    client.pipe(server)
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
    server.on('data', (data) => {
      if (data.length <= left) {
        left -= data.length
        client.write(data)
        return
      }
      client.write(data.subarray(0, left))
      left = Number.POSITIVE_INFINITY
      cut = true
      client.end()
      server.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = new URL(serverUrl)
  url.port = String(/** @type {import('node:net').AddressInfo} */ (proxy.address()).port)
  return {
    url: url.href,
    cutAfter(bytes) {
      left = bytes
      cut = false
    },
    get cut() {
      return cut
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
