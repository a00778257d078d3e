import { invalidArgument, shownClass } from '../../arguments/invalid.js'
import type { Channel } from './channel.js'
import { PortChannel, type PortLike } from './port-channel.js'
import { ProcessChannel, type ProcessLike } from './process-channel.js'

/** The other end of a way to a thread or process, as Node and Bun give it. */
export type Peer = PortLike | ProcessLike

/** Ends that are in use: two users at one end would take each other's messages. */
const inUse = new WeakSet<object>()

/** The way of one user to its owner, and the only one of ours through that peer. */
export interface OwnChannel extends Channel {
  /** Sends nothing more, and lets another have the peer. It is listened to until {@link Channel.close}. */
  hear(): void
}

/**
 * @param wanted What to pass instead.
 * @throws PersistenceError `INVALID_ARGUMENT` for what leads nowhere, and for an end that is in use.
 */
export function channelOf(peer: Peer, operation: string, wanted: string): OwnChannel {
  const channel = isPort(peer) ? new PortChannel(peer) : isProcess(peer) ? new ProcessChannel(peer) : undefined
  if (channel === undefined)
    throw invalidArgument(operation, `the first argument must be ${wanted}, got ${shownPeer(peer)}`)
  if (inUse.has(peer))
    throw invalidArgument(operation, 'this port, worker or process is in use already; use one for each')
  inUse.add(peer)
  // The end may be in use again when who had it before says its last.
  let ours = true
  let closed = false
  const leave = (): void => {
    if (ours) inUse.delete(peer)
    ours = false
  }
  return {
    toThread: channel.toThread,
    send(message) {
      if (ours) channel.send(message)
    },
    listen: (listener) => channel.listen(listener),
    keepAlive(on) {
      if (ours) channel.keepAlive(on)
    },
    hear() {
      if (ours) channel.keepAlive(false)
      leave()
    },
    close() {
      if (closed) return
      closed = true
      leave()
      channel.close()
    },
  }
}

function isPort(peer: Peer): peer is PortLike {
  return hasMethods(peer, ['postMessage', 'on', 'off', 'ref', 'unref'])
}

function isProcess(peer: Peer): peer is ProcessLike {
  return hasMethods(peer, ['send', 'on', 'off'])
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

function shownPeer(peer: unknown): string {
  const isProcess = typeof peer === 'object' && peer !== null && 'pid' in peer
  return isProcess ? 'a process without an IPC channel' : shownClass(peer)
}
