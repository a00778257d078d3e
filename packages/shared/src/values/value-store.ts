import { typeName } from '../arguments/invalid.js'
import { exceedsBytes, unbindable } from '../arguments/limits.js'
import { reasonOf } from '../arguments/read-argument.js'
import { catchRejection } from '../errors/catch-rejection.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { jsonCodec } from './json-codec.js'
import { UnstorableError } from './unstorable-error.js'
import type { ValueCodec } from './value-codec.js'

/** Encodes and decodes the values of one adapter within its size limit, with typed errors. */
export class ValueStore {
  readonly #codec: ValueCodec
  readonly #maxBytes: number

  constructor(codec: ValueCodec, maxBytes: number) {
    this.#codec = codec
    this.#maxBytes = maxBytes
  }

  /** @throws PersistenceError `VALUE_NOT_SERIALIZABLE` with the path of the offending member, or `VALUE_TOO_LARGE`. */
  encode(value: unknown, operation: string): string {
    let text: string
    try {
      text = this.#codec.encode(value)
    } catch (cause) {
      const path = memberPath(cause)
      const reason = reasonOf(cause)
      const advice = cause instanceof UnstorableError ? '' : '; store plain data, or pass a codec'
      throw new PersistenceError(
        'VALUE_NOT_SERIALIZABLE',
        operation,
        `${operation}: cannot store ${path === '' ? 'the value' : `the member ${path} of the value`}: ${reason}${advice}`,
        cause,
      )
    }
    if (typeof text !== 'string') {
      const got = catchRejection(text) ? 'a promise; both methods of a codec are synchronous' : typeName(text)
      throw new PersistenceError(
        'VALUE_NOT_SERIALIZABLE',
        operation,
        `${operation}: the codec's encode must return a string, got ${got}`,
      )
    }
    // JSON text contains neither; in the text of another codec, an engine would cut at the first or replace the second.
    const problem = this.#codec === jsonCodec ? undefined : unbindable(text)
    if (problem !== undefined) {
      throw new PersistenceError('VALUE_NOT_SERIALIZABLE', operation, `${operation}: the codec's text ${problem}`)
    }
    if (exceedsBytes(text, this.#maxBytes)) {
      throw new PersistenceError(
        'VALUE_TOO_LARGE',
        operation,
        `${operation}: the encoded value has ${Buffer.byteLength(text)} bytes, the limit is ${this.#maxBytes}; store less or raise maxValueSize`,
      )
    }
    return text
  }

  /** @throws PersistenceError `VALUE_UNREADABLE` naming the table and the key; `INVALID_OPTION` for an asynchronous codec. */
  decode<T>(text: unknown, table: string, key: string, operation: string): T {
    const value = this.#decode(text, table, key, operation)
    // Some calls would return the value, and others promises in a Map. The row is valid, so the error does not advise deleting
    // it.
    if (this.#codec !== jsonCodec && catchRejection(value)) {
      const problem = 'option codec: decode returned a promise; both methods of a codec are synchronous'
      throw new PersistenceError('INVALID_OPTION', operation, `${operation}: ${problem}`)
    }
    return value as T
  }

  #decode(text: unknown, table: string, key: string, operation: string): unknown {
    try {
      if (typeof text !== 'string') throw new TypeError(`expected text, found ${typeName(text)}`)
      return this.#codec.decode(text)
    } catch (cause) {
      const reason = reasonOf(cause)
      throw new PersistenceError(
        'VALUE_UNREADABLE',
        operation,
        `${operation}: the row ${JSON.stringify(key)} of ${table} cannot be decoded (${reason}); delete it, or open the file with the codec that wrote it`,
        cause,
      )
    }
  }
}

function memberPath(cause: unknown): string {
  const path = typeof cause === 'object' && cause !== null ? (cause as { path?: unknown }).path : undefined
  return typeof path === 'string' ? path.replace(/^\./, '') : ''
}
