import { invalidArgument } from '../../../arguments/invalid.js'

/** The consecutive changes of one table in a changeset. */
export interface ChangesOfTable {
  readonly table: string
  /** For each column, whether it is part of the key. */
  readonly key: readonly boolean[]
  /** The number of inserted, updated and deleted rows. */
  readonly changes: number
  /** To be {@link joined}. Includes the header that names the table. */
  readonly parts: readonly Uint8Array[]
}

const TABLE = 0x54
const INSERT = 18
const UPDATE = 23
const DELETE = 9
// The bytes after the type of a value: a number of 8 bytes, or a length and as many bytes.
const NUMBERS: ReadonlySet<number> = new Set([1, 2])
const TEXT_OR_BLOB: ReadonlySet<number> = new Set([3, 4])
const UNCHANGED = 0
const NULL = 5

/**
 * Reads which tables a changeset changes, without an engine. SQLite silently skips changes of a table that is missing or has
 * another structure.
 *
 * The format is documented in sqlite3session.c, "CHANGESET FORMAT".
 *
 * @throws PersistenceError `INVALID_ARGUMENT` for bytes that are not a complete changeset.
 */
export function readChangeset(changeset: Uint8Array, operation: string): ChangesOfTable[] {
  const reader = new ChangesetReader(changeset, operation)
  const found: ChangesOfTable[] = []
  while (!reader.atEnd) found.push(reader.changesOfTable())
  return found
}

/** Concatenates changesets. The result is a valid changeset. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

class ChangesetReader {
  readonly #bytes: Uint8Array
  readonly #operation: string
  #at = 0

  constructor(bytes: Uint8Array, operation: string) {
    this.#bytes = bytes
    this.#operation = operation
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  changesOfTable(): ChangesOfTable {
    const start = this.#at
    if (this.#byte() !== TABLE) throw this.#damaged()
    const columns = this.#length()
    const key = Array.from(this.#take(columns), (flag) => flag !== 0)
    const table = this.#name()
    const parts: Uint8Array[] = []
    let from = start
    let changes = 0
    while (!this.atEnd && this.#bytes[this.#at] !== TABLE) {
      const at = this.#at
      if (this.#change(key)) changes++
      else {
        parts.push(this.#bytes.subarray(from, at))
        from = this.#at
      }
    }
    parts.push(this.#bytes.subarray(from, this.#at))
    return { table, key, changes, parts }
  }

  /**
   * Reads one change: the operation, whether a trigger made it, then the old row, the new row, or both.
   *
   * @returns `false` for an update of the key alone. SQLite records one if the key's collation does not see that the key has
   *   changed, and cannot apply it.
   */
  #change(key: readonly boolean[]): boolean {
    const kind = this.#byte()
    if (kind !== INSERT && kind !== UPDATE && kind !== DELETE) throw this.#damaged()
    this.#byte()
    let counts = kind !== UPDATE
    for (let at = counts ? 0 : -key.length; at < key.length; at++) {
      const isGiven = this.#value() !== UNCHANGED
      counts ||= isGiven && key[at] === false
    }
    return counts
  }

  /** @returns the type of the value. */
  #value(): number {
    const type = this.#byte()
    if (NUMBERS.has(type)) this.#take(8)
    else if (TEXT_OR_BLOB.has(type)) this.#take(this.#length())
    else if (type !== UNCHANGED && type !== NULL) throw this.#damaged()
    return type
  }

  #name(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end === -1) throw this.#damaged()
    const name = Buffer.from(this.#take(end - this.#at)).toString('utf8')
    this.#at++
    return name
  }

  /** Reads a number of at most 32 bits, 7 bits per byte, highest bits first. */
  #length(): number {
    let value = 0
    for (let count = 0; count < 5; count++) {
      const byte = this.#byte()
      value = value * 128 + (byte & 0x7f)
      if (byte < 0x80) return value
    }
    throw this.#damaged()
  }

  #byte(): number {
    return this.#take(1)[0] as number
  }

  #take(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length) throw this.#damaged()
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  #damaged(): Error {
    return invalidArgument(
      this.#operation,
      `the changeset must be the bytes that take() gave, but it is no changeset at byte ${this.#at} of ${this.#bytes.length}`,
    )
  }
}
