import type { AdapterParts } from '../../adapter/served-parts.js'
import { invalidArgument } from '../../arguments/invalid.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { jsonCodec } from '../../values/json-codec.js'
import { PROTOCOL, type Welcome } from '../wire/protocol.js'
import type { Reader } from '../wire/reader.js'

/** The first message of a client. */
export interface Hello {
  readonly nonce: string
  readonly protocol: number
  readonly schema: number
  /** The nonce of the client's last hello on this channel, where it stopped waiting for the answer. */
  readonly abandoned: string | undefined
}

/** @throws MalformedMessage */
export function readHello(reader: Reader): Hello {
  reader.count()
  const [nonce, protocol, schema] = [reader.text(), reader.count(), reader.count()]
  return { nonce, protocol, schema, abandoned: reader.more ? reader.text() : undefined }
}

/** @throws PersistenceError `VERSION_MISMATCH` unless the client has the protocol and the schema of this owner. */
export function checkVersions({ protocol, schema }: Hello, schemaVersion: number | undefined): void {
  if (protocol !== PROTOCOL) throw mismatch(`protocol ${protocol}`, `protocol ${PROTOCOL}`)
  if (schema !== schemaVersion) throw mismatch(`schema ${schema}`, `schema ${schemaVersion}`)
}

/** The answer to a client that is accepted: what it has to know of the database and of the options of its owner. */
export function welcomeOf({ session, options }: AdapterParts): Welcome {
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

/** The rejection of a second client at one end of a channel. */
export function alreadyServed(): PersistenceError {
  return invalidArgument('connect', 'this port or process is served already; use a port for each')
}

/** The rejection of a client by a server that is closing. */
export function serverClosed(reason: string): PersistenceError {
  return new PersistenceError('CLOSED', 'connect', `connect: ${reason}`)
}

function mismatch(other: string, own: string): PersistenceError {
  return new PersistenceError(
    'VERSION_MISMATCH',
    'connect',
    `connect: this thread or process uses ${other}, the owner of the database ${own}; load the same release in both`,
  )
}
