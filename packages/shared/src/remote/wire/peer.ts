import { invalidArgument, shownClass } from '../../arguments/invalid.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { ofAllCopies } from '../../processes/all-copies.js'
import type { Channel } from './channel.js'
import { PortChannel, type PortLike } from './port-channel.js'
import { ProcessChannel, type ProcessLike } from './process-channel.js'

/** The object by which Node and Bun reach another thread or process. */
export type Peer = PortLike | ProcessLike

interface Use {
  /** Whether the use is closing. */
  closing: boolean
}

/** Peers that are in use: two clients at one end would take each other's messages, and two owners would both answer. */
const inUse = ofAllCopies('go-go-scope.persistence.peers/1', () => new WeakMap<object, Use>())

/** A channel between an owner and one client. At most one is open for a peer at a time. */
export interface PeerChannel extends Channel {
  /** Sends nothing more, and lets another channel use the peer. Still listens, until {@link Channel.close}. */
  releasePeer(): void
  /** Marks the channel as closing: until it is closed, another use of the peer is refused as one that may be retried. */
  markClosing(): void
}

/**
 * Opens the channel to a peer.
 *
 * @param wanted What to pass instead, for the error.
 * @throws PersistenceError `INVALID_ARGUMENT` for anything but a peer, and for a peer that is in use; `DISCONNECTED` for one
 *   whose earlier channel is closing.
 */
export function channelOf(given: Peer, operation: string, wanted: string): PeerChannel {
  // A worker of `cluster` is an object around its process. Both are one end of one channel.
  const ofWorker = (given as { readonly process?: Peer } | undefined)?.process
  const peer = isProcess(ofWorker) ? ofWorker : given
  const channel = isPort(peer) ? new PortChannel(peer) : isProcess(peer) ? new ProcessChannel(peer) : undefined
  if (channel === undefined)
    throw invalidArgument(operation, `the first argument must be ${wanted}, got ${shownPeer(peer)}`)
  const before = inUse.get(peer)
  if (before?.closing === true) {
    throw DisconnectedError.of(operation, 'none', 'the earlier connection has not ended yet')
  }
  if (before !== undefined)
    throw invalidArgument(operation, 'this port, worker or process is in use; use one for each client')
  const use: Use = { closing: false }
  inUse.set(peer, use)
  // The peer may be in use again before this channel is closed.
  let ours = true
  let closed = false
  const release = (): void => {
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
    releasePeer() {
      if (ours) channel.keepAlive(false)
      release()
    },
    markClosing() {
      use.closing = true
    },
    close() {
      if (closed) return
      closed = true
      release()
      channel.close()
    },
  }
}

function isPort(peer: Peer): peer is PortLike {
  if (!hasMethods(peer, ['postMessage', 'on', 'off'])) return false
  return hasMethods(peer, ['ref', 'unref']) || hasMethods(peer, ['start', 'close'])
}

function isProcess(peer: unknown): peer is ProcessLike {
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
