import type { Row, SqlValue } from '@go-go-scope/persistence-core/dialect'

/** One connection of a client library. One statement is in flight at a time. */
export interface Wire {
  /** Whether the connection has ended without `close`. */
  readonly lost: boolean
  /**
   * Runs one of our statements with `$1` parameters. Returns numbers as numbers, bytes as `Uint8Array`, and everything else as
   * text. The app's own parsers do not apply.
   *
   * @param name The name of the prepared statement; `undefined` for a statement that runs once.
   */
  run(sql: string, parameters: readonly SqlValue[], name: string | undefined): Promise<Row[]>
  /** Runs a statement of the app. Returns rows as the client library gives them. */
  query(sql: string, parameters: readonly SqlValue[]): Promise<Row[]>
  /** The connection's backend process id; `undefined` if the library does not tell. */
  readonly backend?: number | undefined
  /** Ends the connection, or releases it to the app's pool. @param broken Whether it must not be used again. */
  close(broken: boolean): Promise<void>
}

/** Provides connections. */
export interface Source {
  /** The package name of the client library. */
  readonly engine: string
  /** Whether it can provide more than one connection at a time. */
  readonly several: boolean
  /** Whether connections come from a pool: requests wait in the pool's queue, and connections may have been used before. */
  readonly pooled?: true
  /** Set if only this source reaches its database. Distinguishes the database from copies of the same template. */
  readonly identity?: string
  /** The start of a database in this process, which connecting awaits without a limit. Never rejects: connecting fails then. */
  readonly started?: Promise<unknown>
  connect(): Promise<Wire>
  /**
   * Listens on a channel on a separate connection. Resolves when listening has begun. Absent if there is no such connection.
   *
   * @returns a function that stops listening and ends the connection.
   */
  listen?(channel: string, listener: Listener): Promise<() => Promise<void>>
  /** Ends the app's pool or client. Called only if the adapter has to close it. */
  end(): Promise<void>
}

/** The callbacks of a connection that listens on a channel. */
export interface Listener {
  notified(text: string): void
  /** The library has reconnected. Notifications that were sent meanwhile are lost. */
  reconnected(): void
  /** The connection has ended without being closed. No more notifications come. */
  ended(): void
}

/** The error when there was no connection, or when it ended before the answer came. */
export class ConnectionLost extends Error {
  /** Whether the statement was sent, so that it may have taken effect. */
  readonly sent: boolean

  constructor(cause: unknown, sent: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'ConnectionLost'
    this.sent = sent
  }
}
