import { startProxy } from './proxy.mjs'

/**
 * Starts a proxy to one server or another, like a host name that a failover moves.
 *
 * @param {string} serverUrl
 * @returns {Promise<import('./proxy.mjs').Proxy & { leadTo(port: number): void }>}
 */
export async function relay(serverUrl) {
  let target = Number(new URL(serverUrl).port)
  const proxy = await startProxy(serverUrl, (client, server) => client.pipe(server).pipe(client), {
    target: () => target,
  })
  return {
    ...proxy,
    leadTo(port) {
      target = port
      proxy.endAll()
    },
  }
}
