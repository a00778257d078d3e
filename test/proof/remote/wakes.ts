import type { ChildProcess } from 'node:child_process'
import type { Worker } from 'node:worker_threads'

const IDLE = 100

/** Sends the message for which waits-for-messages.mjs waits, each time after it could have ended. @returns its exit code */
export function wakes(peer: Worker | ChildProcess): Promise<unknown> {
  const send = () => ('threadId' in peer ? peer.postMessage('go on') : peer.connected && peer.send('go on'))
  peer.on('message', (said) => said === 'waits' && setTimeout(send, IDLE))
  return new Promise((resolve) => peer.once('exit', resolve))
}
