import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Returns whether a server accepts connections on a port.
 *
 * @param {number} port
 * @param {string} [host]
 * @returns {Promise<boolean>}
 */
export async function accepts(port, host = '127.0.0.1') {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
