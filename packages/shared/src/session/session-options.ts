import type { DiagnosticListener } from '../errors/diagnostics.js'
import type { Names } from '../keys/key-space.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { ValueCodec } from '../values/value-codec.js'
import type { LeaseTimeSql } from './lease-time-record.js'

/**
 * Prepares the database for an adapter or, without `create`, checks it. May be called again, and by several processes at once.
 */
export type SetUp = (queue: OperationQueue, create: boolean) => Promise<void>

/** The parts of its dialect that a session needs. */
export interface SessionDialect {
  /** Absent when the database's own clock decides. */
  readonly leaseTime?: LeaseTimeSql
  /** Returns how the untagged names of `prefix` are stored. Recorded at its first use if `writable`. */
  names(queue: OperationQueue, prefix: string, writable: boolean): Promise<Names>
}

/** The options of an adapter that its session uses. */
export interface SessionOptions {
  readonly keyPrefix: string
  /** UTF-8 bytes. */
  readonly maxKeyLength: number
  /** UTF-8 bytes. */
  readonly maxValueSize: number
  readonly codec: ValueCodec
  readonly createTables: boolean
  readonly closeOnDisconnect: boolean
  readonly onDiagnostic: DiagnosticListener | undefined
}

/** What a session does when it connects. */
export interface SessionStart {
  readonly setUp: SetUp
  /**
   * Whether it reads how untagged names are stored, and the lease time, from the database. Needed if stores use untagged names or
   * leases.
   */
  readonly readsSettings: boolean
}
