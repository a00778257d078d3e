import { startProxy } from './proxy.mjs'

const NOTIFICATION = 'A'.charCodeAt(0)

/**
 * A proxy that passes on everything but what the server tells by NOTIFY, as a pooler does whose sessions are lent by
 * transaction.
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
      // A message is a letter, and its length without the letter.
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const length = rest.readUInt32BE(1) + 1
        if (rest[0] !== NOTIFICATION) client.write(rest.subarray(0, length))
        rest = rest.subarray(length)
      }
    })
  })
}
