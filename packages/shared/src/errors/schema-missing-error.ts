import { PersistenceError } from './persistence-error.js'

/**
 * `SCHEMA_MISSING`: the tables are missing or older than this release. Thrown by `connect` and `open` with `createTables: false`
 * or `readOnly: true`.
 */
export class SchemaMissingError extends PersistenceError {
  /** The schema version of the tables in the database; 0 when there are none of this family. */
  readonly version: number
  /** The schema version that this release writes. */
  readonly needed: number
  /** The steps that connecting with write access would take, for people and in order. */
  readonly steps: readonly string[]
  /** Whether the database has no table of this family. */
  readonly empty: boolean

  constructor(message: string, version: number, needed: number, steps: readonly string[], empty: boolean) {
    super('SCHEMA_MISSING', 'connect', message)
    this.version = version
    this.needed = needed
    this.steps = steps
    this.empty = empty
  }
}
