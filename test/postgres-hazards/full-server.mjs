import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * @typedef {object} FullServer
 * @property {string} url leads to the server, unless it is full
 * @property {(full: boolean) => void} isFull ends all connections, and answers new ones with the error that there are too many
 * @property {() => number} connections how many were made
 * @property {() => Promise<void>} close
 */

/**
 * Starts a way to a server that can become full.
 *
 * @param {string} serverUrl
 * @returns {Promise<FullServer>}
 */
export async function fullServer(serverUrl) {
  const { hostname, port } = new URL(serverUrl)
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set()
  let full = false
  let connections = 0
  const track = (/** @type {import('node:net').Socket} */ socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    connections++
    track(client)
    if (full) {
      client.once('data', () => client.end(tooManyConnections()))
      return
    }
    const behind = track(connect(Number(port), hostname))
    client.pipe(behind).pipe(client)
    client.on('close', () => behind.destroy())
    behind.on('close', () => client.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(serverUrl)
  url.port = String(/** @type {import('node:net').AddressInfo} */ (server.address()).port)
  return {
    url: url.href,
    isFull(value) {
      full = value
      if (full) endAll()
    },
    connections: () => connections,
    async close() {
      endAll()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An ErrorResponse of the protocol. */
function tooManyConnections() {
  const fields = Buffer.from('SFATAL\0VFATAL\0C53300\0Msorry, too many clients already\0\0')
  const head = Buffer.from('E0000')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
