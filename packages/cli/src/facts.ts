import type { Database } from './open-database.js'

/** The facts shown about a database. Members that only a file or only a server has are optional. */
export interface Facts {
  readonly engine: string
  readonly sqliteVersion?: string
  /** Empty for a database in memory. */
  readonly file?: string
  readonly fileBytes?: number
  /** Size of the WAL in bytes; 0 if there is none. */
  readonly walBytes?: number
  readonly serverVersion?: string
  /** The server's WAL timeline, which grows by one with each promotion of a standby. */
  readonly timeline?: number
  /** Address, database and schema. */
  readonly location?: string
  /** Round trip in ms. */
  readonly roundTrip?: number
  /** ms by which the server's clock is ahead. */
  readonly clockDifference?: number
  /** Number of rows, including expired ones. */
  readonly results: number
  readonly checkpoints: number
  readonly circuits: number
}

/** Returns `stats()` without the counts of this process, which has done nothing: cache hits, held locks, waiting calls. */
export async function factsOf(database: Database): Promise<Facts> {
  const stats: Omit<Facts, 'results'> & { idempotency: number } = await database.stats()
  const { engine, sqliteVersion, file, fileBytes, walBytes, idempotency, checkpoints, circuits } = stats
  const { serverVersion, timeline, location, roundTrip, clockDifference } = stats
  const ofFile = { sqliteVersion, file, fileBytes, walBytes }
  const ofServer = { serverVersion, timeline, location, roundTrip, clockDifference }
  const present = Object.entries({ ...ofFile, ...ofServer }).filter(([, value]) => value !== undefined)
  return { engine, ...Object.fromEntries(present), results: idempotency, checkpoints, circuits }
}
