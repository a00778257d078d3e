import { startProxy } from './proxy.mjs'

// The SQLSTATE of the server's last message on a connection that it ends.
const ENDED_BY_SERVER = 'C57P01'

/**
 * @typedef {object} HeldAnswers
 * @property {Promise<void>} answered settles when the server has answered
 * @property {Promise<void>} ended settles when the server has ended the connection
 * @property {() => void} passOn forwards everything to the client in one piece
 */

/**
 * @typedef {object} HoldingProxy
 * @property {string} url leads to the server through the proxy
 * @property {(text: string) => HeldAnswers} holdFrom holds the server's answers to the next connection that sends `text`
 * @property {() => Promise<void>} close
 */

/**
 * Starts a proxy through which a client reads an answer and the end of its connection at the same time, like a process that
 * was suspended.
 *
 * @param {string} serverUrl
 * @returns {Promise<HoldingProxy>}
 */
export async function holdingProxy(serverUrl) {
  let awaited = ''
  let passOn = () => {}
  let answered = () => {}
  let ended = () => {}
  const { url, close } = await startProxy(serverUrl, (client, server) => {
    let held = Buffer.alloc(0)
    let holding = false
    client.on('data', (data) => {
      if (awaited !== '' && data.includes(awaited)) {
        awaited = ''
        holding = true
        passOn = () => client.end(held)
      }
      server.write(data)
    })
    server.on('data', (data) => {
      if (!holding) {
        client.write(data)
        return
      }
      held = Buffer.concat([held, data])
      answered()
      if (held.includes(ENDED_BY_SERVER)) ended()
    })
    // The held answers must still be forwarded.
    server.on('end', () => {
      if (holding) server.removeAllListeners('close')
    })
  })
  return {
    url,
    close,
    holdFrom(text) {
      awaited = text
      return {
        answered: new Promise((resolve) => {
          answered = resolve
        }),
        ended: new Promise((resolve) => {
          ended = resolve
        }),
        passOn: () => passOn(),
      }
    },
  }
}
