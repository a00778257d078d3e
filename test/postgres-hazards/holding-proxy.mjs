import { startProxy } from './proxy.mjs'

// The state of what the server says last to a connection that it ends.
const ENDED_BY_SERVER = 'C57P01'

/**
 * @typedef {object} HeldAnswers
 * @property {Promise<void>} answered settles when the server has answered
 * @property {Promise<void>} ended settles when the server has ended the connection
 * @property {() => void} passOn has the client read all of it, in one piece
 */

/**
 * @typedef {object} HoldingProxy
 * @property {string} url leads to the server by way of the proxy
 * @property {(text: string) => HeldAnswers} holdFrom holds back the server's answers to the next connection that sends `text`
 * @property {() => Promise<void>} close
 */

/**
 * A proxy by which a client reads an answer, and that its connection has ended, at the same time: as one does that did not
 * run for a while.
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
    // What is held is still to be passed on.
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
