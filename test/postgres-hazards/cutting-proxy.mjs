import { startProxy } from './proxy.mjs'

/** @typedef {import('node:net').Socket} Socket */

/**
 * @typedef {object} CuttingProxy
 * @property {string} url leads to the server through the proxy
 * @property {(bytes: number) => void} cutAfter forwards this many bytes of the server's next answers, drops the rest and then
 *   ends the connection; once
 * @property {boolean} cut whether it has done so
 * @property {(silent: boolean) => void} fallSilent forwards nothing in either direction, not even an end
 * @property {() => Promise<void>} close
 */

/**
 * Starts a proxy that loses answers: the server has executed the statement, but the client gets no answer.
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
