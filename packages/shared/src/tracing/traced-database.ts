/** The database that a message concerns. One object per connection. */
export interface TracedDatabase {
  /** The `db.system.name` of OpenTelemetry: `sqlite` or `postgresql`. */
  readonly system: string
  /** The package or module of the engine, for example `node:sqlite`. */
  readonly engine: string
  /** The path of the file, or address, database and schema of a server. Empty for a database in memory. */
  readonly location: string
}
