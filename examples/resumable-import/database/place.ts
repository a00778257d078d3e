import type { LockProvider } from '@go-go-scope/persistence-sqlite'
import type { Arguments } from '../arguments.mjs'
import type { Engine } from './engine.ts'
import { postgresPlace } from './postgres-place.ts'
import { sqlitePlace } from './sqlite-place.ts'

/** The location of the cities and the persistence: a file, or a database on a server. */
export interface Place {
  /** The name for people. */
  name: string
  open(): Promise<Engine>
  /** Rejects with a readable reason if the location cannot be opened. */
  explain(): Promise<void>
  /** The lock between all imports into this location. */
  lock: LockProvider
  /** Removes everything that imports have written here. */
  remove(): Promise<void>
}

export function choosePlace({ frontEnd, file }: Arguments): Promise<Place> {
  return frontEnd === 'postgres' ? postgresPlace() : sqlitePlace(frontEnd, file)
}
