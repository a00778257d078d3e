import { type Database, type HowToOpen, openDatabase } from '../open-database.js'
import { storedText } from './stored-text.js'

/** A database opened under one prefix at a time, because items come sorted by prefix, and there may be thousands of prefixes. */
export class DatabaseByPrefix {
  readonly #path: string
  readonly #how: HowToOpen
  #open: { readonly prefix: string; readonly database: Database } | undefined

  constructor(path: string, how: HowToOpen) {
    this.#path = path
    const exactly = {
      codec: storedText,
      maxValueSize: Number.MAX_SAFE_INTEGER,
      ...how.exactly,
    }
    this.#how = { ...how, exactly }
  }

  async under(prefix: string): Promise<Database> {
    if (this.#open?.prefix === prefix) return this.#open.database
    await this.close()
    const database = await openDatabase(this.#path, { ...this.#how, prefix })
    this.#open = { prefix, database }
    return database
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.database.disconnect()
  }
}
