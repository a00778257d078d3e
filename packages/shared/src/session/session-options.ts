import type { DiagnosticListener } from '../errors/diagnostics.js'
import type { Names } from '../keys/key-space.js'
import type { OperationQueue } from '../queue/operation-queue.js'
import type { ValueCodec } from '../values/value-codec.js'
import type { LeaseTimeSql } from './lease-time-record.js'

/** Makes the database what an adapter needs or, without `create`, checks that it is; may be repeated and raced. */
export type SetUp = (queue: OperationQueue, create: boolean) => Promise<void>

/** What a session has to know of its dialect. */
export interface SessionDialect {
  /** Absent where the database's own clock judges. */
  readonly leaseTime?: LeaseTimeSql
  /** How the untagged names of `prefix` are stored, which is settled at its first use where `writable`. */
  names(queue: OperationQueue, prefix: string, writable: boolean): Promise<Names>
}

/** The options of an adapter that its session goes by. */
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
  /** Whether stores use untagged names or leases: the session then asks the database how it has them. */
  readonly named: boolean
}
