import { startProxy } from './proxy.mjs'

/** @typedef {import('node:net').Socket} Socket */

/**
 * @typedef {object} CuttingProxy
 * @property {string} url leads to the server by way of the proxy
 * @property {(bytes: number) => void} cutAfter passes on so many bytes of the server's next answers, swallows the rest and
 *   then ends the connection; once
 * @property {boolean} cut whether it has
 * @property {(silent: boolean) => void} fallSilent passes on nothing in either direction, no end either
 * @property {() => Promise<void>} close
 */

/**
 * A proxy that loses answers: the server has done what it was asked, and the client does not hear of it.
 *
 * @param {string} serverUrl
 * @returns {Promise<CuttingProxy>}
 */
export async function cuttingProxy(serverUrl) {
  let left = Number.POSITIVE_INFINITY
  let cut = false
  let silent = false
  const join = (/** @type {Socket} */ client, /** @type {Socket} */ server) => {
    client.on('data', (data) => {
      if (!silent) server.write(data)
    })
    server.on('data', (data) => {
      if (silent) return
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
  }
  const { url, close } = await startProxy(serverUrl, join, { silent: () => silent })
  return {
    url,
    close,
    cutAfter(bytes) {
      left = bytes
      cut = false
    },
    get cut() {
      return cut
    },
    fallSilent(value) {
      silent = value
    },
  }
}
