import type { Row, SqlValue } from '@go-go-scope/persistence-core/dialect'

/** One connection, by a client library. One statement is in flight at a time. */
export interface Wire {
  /** Whether it has ended by itself. */
  readonly lost: boolean
  /**
   * Runs one statement of ours with `$1` parameters. Numbers come back as numbers, bytes as `Uint8Array`, all else as text,
   * whatever the app has taught its client library.
   *
   * @param name Under which the connection keeps it prepared; `undefined` for what runs once.
   */
  run(sql: string, parameters: readonly SqlValue[], name: string | undefined): Promise<Row[]>
  /** Runs a statement of the app, whose rows are as its library gives them. */
  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]>
  /** The server's number for it; `undefined` where the library does not tell. */
  readonly backend?: number | undefined
  /** Ends it, or gives it back to the app's pool. @param broken It must not be used again. */
  close(broken: boolean): Promise<void>
}

/** Where connections come from. */
export interface Source {
  /** The client library, as its package is named. */
  readonly engine: string
  /** Whether it gives more than one connection at a time. */
  readonly several: boolean
  /** Whether it lends those of a pool: who asks for one waits in the pool's queue, and others have used it before. */
  readonly pooled?: true
  /** Of a database that it alone reaches: tells it from those that began as copies of the same one. */
  readonly identity?: string
  /** Of a database in this process: its start, which is no wait for one that others use. Never rejects: connecting tells if it failed. */
  readonly started?: Promise<unknown>
  connect(): Promise<Wire>
  /**
   * Listens on a channel by a connection of its own, and settles when that has begun. Absent where there is none to have.
   *
   * @returns ends it, and the connection.
   */
  listen?(channel: string, listener: Listener): Promise<() => Promise<void>>
  /** Ends the app's pool or client, when the adapter is to close it. */
  end(): Promise<void>
}

/** Is called by a connection that listens on a channel. */
export interface Listener {
  notified(text: string): void
  /** The library has made another connection. Notifications that were sent meanwhile are lost. */
  reconnected(): void
  /** The connection has ended by itself, and no more notifications come. */
  ended(): void
}

/** There was no connection, or it ended before the answer came. */
export class ConnectionLost extends Error {
  /** Whether the statement was sent, so that it may have taken effect. */
  readonly sent: boolean

  constructor(cause: unknown, sent: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'ConnectionLost'
    this.sent = sent
  }
}
