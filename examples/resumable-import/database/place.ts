import type { LockProvider } from '@go-go-scope/persistence-sqlite'
import type { Arguments } from '../arguments.mjs'
import type { Engine } from './engine.ts'
import { postgresPlace } from './postgres-place.ts'
import { sqlitePlace } from './sqlite-place.ts'

/** Where the import puts its cities and its persistence: a file, or a database of a server. */
export interface Place {
  /** For people. */
  name: string
  open(): Promise<Engine>
  /** Fails with the reason for which it cannot be opened, if there is one. */
  explain(): Promise<void>
  /** Between all imports into this place. */
  lock: LockProvider
  /** Removes everything that imports have left here. */
  remove(): Promise<void>
}

export function choosePlace({ frontEnd, file }: Arguments): Promise<Place> {
  return frontEnd === 'postgres' ? postgresPlace() : sqlitePlace(frontEnd, file)
}
