/** The database that a message is about. One object for each connection. */
export interface TracedDatabase {
  /** As OpenTelemetry names it in `db.system.name`: `sqlite` or `postgresql`. */
  readonly system: string
  /** The package or module of the engine, for example `node:sqlite`. */
  readonly engine: string
  /** The path of the file, or address, database and schema of a server; empty for a database in memory. */
  readonly location: string
}
