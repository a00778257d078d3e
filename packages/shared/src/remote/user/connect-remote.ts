import { randomUUID } from 'node:crypto'
import type { AdapterOptions } from '../../adapter/adapter-options.js'
import { invalidArgument, invalidOption, shown } from '../../arguments/invalid.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import type { Clock } from '../../time/clock.js'
import type { Channel } from '../wire/channel.js'
import { channelOf, type Peer } from '../wire/peer.js'
import { type Item, PROTOCOL, say, tell, type Welcome } from '../wire/protocol.js'
import { Reader } from '../wire/reader.js'
import { readError } from '../wire/wire-error.js'
import { RemoteOwner } from './remote-owner.js'

/** A database that another thread or process owns. Takes the place of a handle. */
export interface RemoteDatabase {
  /** As its package or module is named, for example `node:sqlite`. */
  readonly engine: string
  readonly readOnly: boolean
  /** Ends the connection. The last adapter on it does so when it disconnects. */
  close(): Promise<void>
}

export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000

/** Each has a form of `advanced` of its own; the first message in the other's ends the channel, or is waited for in vain. */
const OR_OF_TWO_RUNTIMES = `, or one of the two ends is Node and the other Bun: fork with serialization: 'json' then`

/**
 * Says hello and waits for the owner to take this user in.
 *
 * @param operation Of the caller, named where `peer` cannot be used.
 * @param timeout ms.
 * @throws PersistenceError `DISCONNECTED` when nobody answers, `VERSION_MISMATCH`, `INVALID_ARGUMENT`, `INVALID_OPTION`.
 */
export async function reachOwner(
  operation: string,
  peer: Peer,
  schema: number,
  clock: Clock,
  timeout: number,
): Promise<RemoteOwner> {
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw invalidOption('connectTimeout', timeout, 'a positive number of ms')
  }
  const wanted = 'a MessagePort, parentPort of node:worker_threads, or process of a child process'
  const channel = channelOf(peer, operation, wanted)
  const nonce = randomUUID()
  const before = givenUp.get(peer)
  // Until it is answered.
  givenUp.set(peer, nonce)
  return greet(channel, nonce, [PROTOCOL, schema, ...(before === undefined ? [] : [before])], clock, timeout, () =>
    givenUp.delete(peer),
  )
}

/**
 * The nonces of greetings that had no answer, by the peer. The owner may answer them yet, when it is no longer too busy, and
 * would then take the next one for that of a second user.
 */
const givenUp = new WeakMap<object, string>()

/**
 * The options of an adapter on a remote database: those that it was given, and else those of the owner's adapter.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` for what is no remote database, `INVALID_OPTION` for a codec that the owner
 *   lacks or has alone.
 */
export function inherited<Options extends AdapterOptions>(
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
  const hasCodec = given.codec !== undefined
  if (hasCodec !== welcome.hasCodec) {
    throw new PersistenceError(
      'INVALID_OPTION',
      'options',
      `options: option codec: there is ${hasCodec ? 'one here and none' : 'none here and one'} at the owner of the database; give both the same`,
    )
  }
  return { owner: database, options: { ...welcome.options, ...given } }
}

function greet(
  channel: Channel,
  nonce: string,
  words: readonly Item[],
  clock: Clock,
  timeout: number,
  atAnswer: () => void,
): Promise<RemoteOwner> {
  return new Promise((resolve, reject) => {
    let owner: RemoteOwner | undefined
    const unanswered = (reason: string): DisconnectedError =>
      DisconnectedError.of('connect', 'none', channel.toThread ? reason : reason + OR_OF_TWO_RUNTIMES)
    const fail = (error: unknown): void => {
      cancel()
      channel.close()
      reject(error)
    }
    const cancel = clock.setTimer(
      () => fail(unanswered(`no owner of a database answered within ${timeout} ms`)),
      timeout,
      { keepAlive: true },
    )
    const answered = (reader: Reader): void => {
      const word = reader.count()
      if ((word !== tell.welcome && word !== tell.refuse) || reader.text() !== nonce) return
      if (word === tell.refuse) {
        const { error } = readError(reader.text())
        atAnswer()
        fail(error)
        return
      }
      owner = new RemoteOwner(channel, JSON.parse(reader.text()) as Welcome)
      atAnswer()
      cancel()
      channel.keepAlive(false)
      resolve(owner)
    }
    channel.listen({
      message(message) {
        try {
          if (owner === undefined) answered(new Reader(message))
          else owner.message(message)
        } catch (error) {
          fail(error)
        }
      },
      ended() {
        const reason = 'the owner of the database has gone'
        if (owner !== undefined) owner.end(reason)
        else fail(unanswered(reason))
      },
    })
    channel.keepAlive(true)
    channel.send([say.hello, nonce, ...words])
  })
}
