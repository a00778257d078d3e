import { once } from 'node:events'
import { connect, createServer } from 'node:net'

const NOTIFICATION = 'A'.charCodeAt(0)

/**
 * A proxy that passes on everything but what the server tells by NOTIFY, as a pooler does whose sessions are lent by
 * transaction.
 *
 * @param {string} serverUrl
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function swallowingProxy(serverUrl) {
  const { hostname, port } = new URL(serverUrl)
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
    server.on('close', () => client.destroy())
    let rest = Buffer.alloc(0)
    server.on('data', (data) => {
      rest = Buffer.concat([rest, data])
      // A message is a letter, and its length without the letter.
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const length = rest.readUInt32BE(1) + 1
        if (rest[0] !== NOTIFICATION) client.write(rest.subarray(0, length))
        rest = rest.subarray(length)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = new URL(serverUrl)
  url.port = String(/** @type {import('node:net').AddressInfo} */ (proxy.address()).port)
  return {
    url: url.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
