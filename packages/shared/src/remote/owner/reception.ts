import type { AdapterParts } from '../../adapter/served-parts.js'
import { invalidArgument } from '../../arguments/invalid.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { jsonCodec } from '../../values/json-codec.js'
import type { OwnChannel } from '../wire/peer.js'
import { type Item, PROTOCOL, say, tell, type Welcome } from '../wire/protocol.js'
import { MalformedMessage, Reader } from '../wire/reader.js'
import { writeError } from '../wire/wire-error.js'
import { ServedClient, type ServedParts } from './served-client.js'
import type { ServedTurns } from './served-turns.js'

/** What a reception works with. */
export interface ReceptionParts {
  readonly adapter: AdapterParts
  readonly served: ServedParts
  readonly turns: ServedTurns
}

/**
 * One channel of the owner, and the user at its other end while there is one.
 *
 * A user that the owner leaves may be at work still, and too busy to read so. What it holds is given back when it says `bye`,
 * which it does when the signals of its locks have aborted, or when it has ended; until then the channel is listened to.
 */
export class Reception {
  readonly #channel: OwnChannel
  readonly #parts: ReceptionParts
  readonly #over: (reception: Reception) => void
  client: ServedClient | undefined
  /** Of the greeting of the user that is there, or is being taken in. */
  #nonce: string | undefined
  #closing: string | undefined
  /** The user that was left, while it may go by its locks. */
  #left: ServedClient | undefined

  /** @param over To be called when the channel needs nobody any more. */
  constructor(channel: OwnChannel, parts: ReceptionParts, over: (reception: Reception) => void) {
    this.#channel = channel
    this.#parts = parts
    this.#over = over
    channel.listen({
      message: (message) => this.#receive(message),
      ended: (certain) => this.#ended(certain),
    })
  }

  /** Answers what has come, and leaves the user. Settles when nothing more is sent. */
  async close(reason: string): Promise<void> {
    this.#closing = reason
    const { client } = this
    if (client !== undefined) {
      client.say(tell.closing)
      client.refuseLater(reason)
      client.flush()
      this.#parts.turns.gather()
      await client.drain()
      client.say(tell.goodbye)
      client.flush()
    } else if (this.#nonce !== undefined) this.#refuse(this.#nonce, closed(reason))
    this.#leave()
  }

  /** There are no locks any more. */
  end(): void {
    this.#left = undefined
    this.#channel.close()
    this.#over(this)
  }

  #receive(message: unknown): void {
    const isBye = Array.isArray(message) && message[0] === say.bye
    if (this.#left !== undefined) {
      // Anything else is for the next owner.
      if (isBye) this.#confirmed()
      return
    }
    try {
      if (Array.isArray(message) && message[0] === say.hello) this.#greet(new Reader(message))
      else if (this.client !== undefined) {
        this.client.receive(message)
        if (this.client.ready) this.#parts.turns.gather()
      } else if (!isBye) {
        // On its way while the owner before left: nothing of it is done, and its user, who is told so there, may connect again.
        this.#refuseMessage('a user says hello first')
      }
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      // Nothing of the message is done, and nothing more is taken from who sent it.
      this.#refuseMessage(error.message)
      this.#leave()
    }
  }

  #greet(reader: Reader): void {
    reader.count()
    const nonce = reader.text()
    const [protocol, schema] = [reader.count(), reader.count()]
    const givenUp = reader.more ? reader.text() : undefined
    const { schemaVersion } = this.#parts.adapter.dialect
    if (protocol !== PROTOCOL) this.#refuse(nonce, versions(`protocol ${protocol}`, `protocol ${PROTOCOL}`))
    else if (schema !== schemaVersion) this.#refuse(nonce, versions(`schema ${schema}`, `schema ${schemaVersion}`))
    else if (this.#nonce !== undefined && this.#nonce !== givenUp && this.client?.leaving !== true) {
      this.#refuse(nonce, served())
    } else {
      // Who gave up has asked for nothing, and who said `bye` before waits for no answer.
      this.#dismiss(true)
      this.#nonce = nonce
      void this.#welcome(nonce)
    }
  }

  async #welcome(nonce: string): Promise<void> {
    const { adapter, served, turns } = this.#parts
    try {
      if (this.#closing !== undefined) throw closed(this.#closing)
      const { connection } = adapter.session
      await connection.open()
      if (this.#nonce !== nonce || this.#closing !== undefined) return
      const client = new ServedClient(
        { send: (message) => this.#answer(message) },
        served,
        () => void this.#bye(client),
        () => turns.gather(),
      )
      this.client = client
      turns.enter(client)
      this.#channel.send([tell.welcome, nonce, JSON.stringify(welcome(adapter))])
    } catch (error) {
      if (this.#nonce === nonce) this.#nonce = undefined
      this.#refuse(nonce, error)
    }
  }

  async #bye(client: ServedClient): Promise<void> {
    await client.drain()
    // Before it is told: its locks are free when its disconnect has settled.
    client.leave(true)
    // The next user at that end may be there already.
    if (this.client !== client) return
    this.#channel.send([tell.goodbye])
    this.#dismiss(true)
  }

  /** A message may be more than a channel can carry: no text of 512 MiB is sent to a process. Its user then leaves. */
  #answer(message: Item[]): void {
    try {
      this.#channel.send(message)
    } catch (error) {
      const reason = `the owner of the database cannot send an answer (${(error as Error).message})`
      this.#refuse('', new DisconnectedError('connect', 'unknown', reason))
    }
  }

  #refuseMessage(problem: string): void {
    this.#refuse('', invalidArgument('connect', `the owner of the database refuses a message: ${problem}`))
  }

  #refuse(nonce: string, error: unknown): void {
    this.#channel.send([tell.refuse, nonce, writeError(error)])
  }

  #ended(certain: boolean): void {
    const { client = this.#left } = this
    if (!certain && client?.mayHoldLocks === true) client.leave(false)
    else this.#confirmed()
  }

  /** Whoever is, or was, at the other end goes by no lock any more. */
  #confirmed(): void {
    this.#dismiss(true)
    this.#left?.leave(true)
    this.end()
  }

  /** Lets another owner have the channel, and waits for nothing but the word of a user that holds locks. */
  #leave(): void {
    if (this.#left !== undefined) return
    const { client } = this
    this.#dismiss(false)
    if (client?.mayHoldLocks !== true) {
      this.end()
      return
    }
    this.#left = client
    this.#channel.hear()
  }

  #dismiss(certain: boolean): void {
    const { client } = this
    if (client === undefined) return
    this.#nonce = undefined
    client.leave(certain)
    this.#parts.turns.leave(client)
    this.client = undefined
  }
}

function closed(reason: string): PersistenceError {
  return new PersistenceError('CLOSED', 'connect', `connect: ${reason}`)
}

function served(): PersistenceError {
  return invalidArgument('connect', 'this port or process is served already; use a port for each')
}

function versions(other: string, own: string): PersistenceError {
  return new PersistenceError(
    'VERSION_MISMATCH',
    'connect',
    `connect: this thread or process uses ${other}, the owner of the database ${own}; load the same release in both`,
  )
}

function welcome({ session, options }: AdapterParts): Welcome {
  const { engine, place, readOnly, lockOwnerPrefix } = session.connection
  const { keyPrefix, defaultLockTTL, maxKeyLength, maxValueSize } = options
  return {
    engine,
    version: place.version,
    location: place.location,
    identity: place.identity ?? null,
    readOnly,
    hasCodec: options.codec !== jsonCodec,
    ownerPrefix: lockOwnerPrefix,
    options: {
      keyPrefix,
      locks: options.locks,
      createTables: options.createTables,
      // JSON has no Infinity.
      defaultLockTTL: Math.min(defaultLockTTL, Number.MAX_VALUE),
      maxKeyLength: Math.min(maxKeyLength, Number.MAX_VALUE),
      maxValueSize: Math.min(maxValueSize, Number.MAX_VALUE),
    },
  }
}
