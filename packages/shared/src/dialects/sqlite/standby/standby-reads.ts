import { randomUUID } from 'node:crypto'
import { type AdapterOptions, resolveOptions } from '../../../adapter/adapter-options.js'
import type { Dialect } from '../../../adapter/dialect.js'
import { SqlAdapter } from '../../../adapter/sql-adapter.js'
import { Connection } from '../../../connection/connection.js'
import type { Place } from '../../../connection/place.js'
import type { WriteGuard } from '../../../queue/queue-context.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import type { StandbyThread } from './standby-thread.js'
import { ThreadDriver } from './thread-driver.js'

/** Without set-up: the follower creates the tables of a standby, without the other objects that belong to them. */
const dialect: Dialect = { ...sqliteDialect, setUp: async () => {}, place: () => new ThreadPlace() }

/** The stores over a standby, read-only: writes are refused with `READ_ONLY`. */
export function standbyReads(thread: StandbyThread, options: AdapterOptions): SqlAdapter {
  const handle = {}
  const driver = new ThreadDriver(thread)
  const resolved = resolveOptions(options)
  Connection.of(handle, () => driver, dialect, { ...resolved, readOnly: true, exclusive: true })
  const { keyPrefix, codec, clock, maxKeyLength, maxValueSize, onDiagnostic } = resolved
  const reading = { keyPrefix, codec, clock, maxKeyLength, maxValueSize, createTables: false, closeOnDisconnect: false }
  return new SqlAdapter(handle, () => driver, dialect, onDiagnostic ? { ...reading, onDiagnostic } : reading)
}

/** The place of a standby: another thread has the file and watches it. */
class ThreadPlace implements Place {
  readonly guard: WriteGuard = { needsCheck: () => false, checkSql: 'SELECT 1', check: () => undefined }
  readonly version = ''
  readonly location = ''
  /** Unique to this handle. A connection without an identity would be taken for a private database and written to. */
  readonly identity: string = randomUUID()

  async enter(): Promise<void> {}
  async schemaReady(): Promise<void> {}
  lockedInMemory(): void {}
  stop(): void {}
  async restoreHandle(): Promise<void> {}
  closed(): void {}
  leftOpen(): void {}
}
