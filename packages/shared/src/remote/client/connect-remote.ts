import { randomUUID } from 'node:crypto'
import type { AdapterOptions } from '../../adapter/adapter-options.js'
import { invalidArgument, invalidOption, shown } from '../../arguments/invalid.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { ofAllCopies } from '../../processes/all-copies.js'
import type { Clock } from '../../time/clock.js'
import { channelOf, type Peer, type PeerChannel } from '../wire/peer.js'
import { clientOp, type Item, ownerOp, PROTOCOL, type Welcome } from '../wire/protocol.js'
import { Reader } from '../wire/reader.js'
import { readError } from '../wire/wire-error.js'
import { RemoteOwner } from './remote-owner.js'

/** A database that another thread or process owns. Used in place of a handle. */
export interface RemoteDatabase {
  /** The name of its package or module, for example `node:sqlite`. */
  readonly engine: string
  readonly readOnly: boolean
  /** Ends the connection. The last adapter on it also does so when it disconnects. */
  close(): Promise<void>
}

export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000

/** Node and Bun each have their own format of `advanced`: a message in the other's ends the channel or never arrives. */
const OR_OF_TWO_RUNTIMES = `, or one of the two ends is Node and the other Bun: fork with serialization: 'json' then`

/** How a client reaches its owner. */
export interface OwnerConnectOptions {
  /** The caller's operation, for errors about the peer. */
  readonly operation: string
  /** The schema version of this client. */
  readonly schema: number
  readonly clock: Clock
  /** ms to wait for the answer. */
  readonly timeout: number
}

/**
 * Sends `hello` and waits until the owner accepts this client.
 *
 * @throws PersistenceError `DISCONNECTED` when no owner answers or the earlier connection of `peer` is still closing,
 *   `VERSION_MISMATCH`, `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export async function connectToOwner(
  peer: Peer,
  { operation, schema, clock, timeout }: OwnerConnectOptions,
): Promise<RemoteOwner> {
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw invalidOption('connectTimeout', timeout, 'a positive number of ms')
  }
  const wanted = 'a MessagePort, parentPort, or process in a child'
  const channel = channelOf(peer, operation, wanted)
  const nonce = randomUUID()
  const before = unanswered.get(peer)
  unanswered.set(peer, nonce)
  const hello = [clientOp.hello, nonce, PROTOCOL, schema, ...(before === undefined ? [] : [before])]
  const owner = await handshake(channel, { nonce, hello, clock, timeout })
  unanswered.delete(peer)
  return owner
}

/**
 * The nonce of the last `hello` that was not accepted, by peer. An owner that was too busy may still answer it, and would then
 * take the next `hello` for that of a second client.
 */
const unanswered = ofAllCopies('go-go-scope.persistence.unanswered/1', () => new WeakMap<object, string>())

/**
 * Returns the options of an adapter on a remote database: the given ones, with those of the owner's adapter as defaults.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` for anything but a remote database, `INVALID_OPTION` unless both or none
 *   of the two have a codec.
 */
export function withInheritedOptions<Options extends AdapterOptions>(
  database: unknown,
  given: Options,
): { owner: RemoteOwner; options: Options } {
  if (!(database instanceof RemoteOwner)) {
    throw invalidArgument(
      'constructor',
      `the first argument must be a database that openRemote gave, got ${shown(database)}`,
    )
  }
  const { welcome } = database
  // The adapter refuses null and says what is accepted.
  const hasCodec = Boolean(given.codec)
  if (hasCodec !== welcome.hasCodec) {
    throw new PersistenceError(
      'INVALID_OPTION',
      'options',
      `options: option codec: there is ${hasCodec ? 'one here and none' : 'none here and one'} at the owner of the database; give both the same`,
    )
  }
  return { owner: database, options: { ...welcome.options, ...given } }
}

interface Handshake extends Pick<OwnerConnectOptions, 'clock' | 'timeout'> {
  readonly nonce: string
  readonly hello: Item[]
}

function handshake(channel: PeerChannel, { nonce, hello, clock, timeout }: Handshake): Promise<RemoteOwner> {
  return new Promise((resolve, reject) => {
    let owner: RemoteOwner | undefined
    const noAnswer = (reason: string): DisconnectedError =>
      DisconnectedError.of('connect', 'none', channel.toThread ? reason : reason + OR_OF_TWO_RUNTIMES)
    const fail = (error: unknown): void => {
      cancel()
      channel.close()
      reject(error)
    }
    const cancel = clock.setTimer(
      () =>
        fail(
          noAnswer(
            `no owner of a database answered within ${timeout} ms (it attaches a worker before the worker connects)`,
          ),
        ),
      timeout,
      { keepAlive: true },
    )
    const readAnswer = (reader: Reader): void => {
      const op = reader.count()
      if ((op !== ownerOp.welcome && op !== ownerOp.refuse) || reader.text() !== nonce) return
      if (op === ownerOp.refuse) {
        fail(readError(reader.text()).error)
        return
      }
      owner = new RemoteOwner(channel, JSON.parse(reader.text()) as Welcome)
      cancel()
      channel.keepAlive(false)
      resolve(owner)
    }
    channel.listen({
      message(message) {
        try {
          if (owner === undefined) readAnswer(new Reader(message))
          else owner.receive(message)
        } catch (error) {
          fail(error)
        }
      },
      ended() {
        const reason = 'the owner of the database has gone'
        if (owner !== undefined) owner.end(reason)
        else fail(noAnswer(reason))
      },
    })
    channel.keepAlive(true)
    channel.send(hello)
  })
}
