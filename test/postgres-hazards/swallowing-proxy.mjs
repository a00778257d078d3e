import { startProxy } from './proxy.mjs'

const NOTIFICATION = 'A'.charCodeAt(0)

/**
 * Starts a proxy that drops notifications of NOTIFY, like a pooler in transaction mode.
 *
 * @param {string} serverUrl
 * @returns {Promise<import('./proxy.mjs').Proxy>}
 */
export function swallowingProxy(serverUrl) {
  return startProxy(serverUrl, (client, server) => {
    client.pipe(server)
    let rest = Buffer.alloc(0)
    server.on('data', (data) => {
      rest = Buffer.concat([rest, data])
      // A message is one type byte and a length, which does not count the type byte.
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const length = rest.readUInt32BE(1) + 1
        if (rest[0] !== NOTIFICATION) client.write(rest.subarray(0, length))
        rest = rest.subarray(length)
      }
    })
  })
}
