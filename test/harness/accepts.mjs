import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Whether something accepts connections there.
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
