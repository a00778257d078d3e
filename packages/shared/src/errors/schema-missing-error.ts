import { PersistenceError } from './persistence-error.js'

/**
 * The tables are older than this release, or not there, and nothing was to be made: `SCHEMA_MISSING` of `connect` and `open`
 * with `createTables: false` or `readOnly: true`.
 */
export class SchemaMissingError extends PersistenceError {
  /** Of the tables that are there; 0 where this family has not been yet. */
  readonly version: number
  /** That this release writes. */
  readonly needed: number
  /** What connecting with write access would do, in words, in that order. */
  readonly steps: readonly string[]
  /** Whether nothing of this family is there, as in a file of something else. */
  readonly empty: boolean

  constructor(message: string, version: number, needed: number, steps: readonly string[], empty: boolean) {
    super('SCHEMA_MISSING', 'connect', message)
    this.version = version
    this.needed = needed
    this.steps = steps
    this.empty = empty
  }
}
