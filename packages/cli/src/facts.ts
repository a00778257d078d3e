import type { Database } from './open-database.js'

/** What is told of a database. What only a file or only a server has is absent elsewhere. */
export interface Facts {
  readonly engine: string
  readonly sqliteVersion?: string
  /** Empty for a database in memory. */
  readonly file?: string
  readonly fileBytes?: number
  /** Bytes of the write-ahead log; 0 where there is none. */
  readonly walBytes?: number
  readonly serverVersion?: string
  /** Grows by one with each promotion of a standby. */
  readonly timeline?: number
  /** Address, database and schema. */
  readonly location?: string
  /** ms there and back. */
  readonly roundTrip?: number
  /** ms by which the server's clock is ahead. */
  readonly clockDifference?: number
  /** Rows, also those that have expired. */
  readonly results: number
  readonly checkpoints: number
  readonly circuits: number
}

/** `stats()` without what it counts of the process that asks, which is this one and has done nothing: hits, held locks, waiting calls. */
export async function factsOf(database: Database): Promise<Facts> {
  const stats: Omit<Facts, 'results'> & { idempotency: number } = await database.stats()
  const { engine, sqliteVersion, file, fileBytes, walBytes, idempotency, checkpoints, circuits } = stats
  const { serverVersion, timeline, location, roundTrip, clockDifference } = stats
  const ofFile = { sqliteVersion, file, fileBytes, walBytes }
  const ofServer = { serverVersion, timeline, location, roundTrip, clockDifference }
  const present = Object.entries({ ...ofFile, ...ofServer }).filter(([, value]) => value !== undefined)
  return { engine, ...Object.fromEntries(present), results: idempotency, checkpoints, circuits }
}
