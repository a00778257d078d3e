import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { classify } from '../../packages/shared/src/dialects/sqlite/error-codes.js'
import { Ending } from '../../packages/shared/src/dialects/sqlite/standby/ending.js'
import { followedTables } from '../../packages/shared/src/dialects/sqlite/standby/followed-tables.js'
import { Follower } from '../../packages/shared/src/dialects/sqlite/standby/follower.js'
import { FollowerState } from '../../packages/shared/src/dialects/sqlite/standby/follower-state.js'
import { type Position, readPosition } from '../../packages/shared/src/dialects/sqlite/standby/position.js'
import { runRound } from '../../packages/shared/src/dialects/sqlite/standby/round.js'
import { Source } from '../../packages/shared/src/dialects/sqlite/standby/source.js'
import type { Sql } from '../../packages/shared/src/dialects/sqlite/standby/sql.js'

/** The busy timeout of the followers of a pair, in ms. */
export const BUSY_TIMEOUT = 5_000

type Database = InstanceType<typeof DatabaseSync>

interface Following {
  readonly follower: Follower
  readonly ending: Ending
  readonly state: FollowerState
}

/** A source with an adapter, and a follower in this thread that shows each of its statements to the test. */
export class StandbyPair {
  readonly folder: string
  readonly path: string
  readonly source: Database
  readonly standby: Database
  readonly adapter: SQLiteAdapter
  readonly follower: Follower
  readonly ending: Ending
  readonly state: FollowerState
  /** Called before each statement on the standby; what it throws is the error of the engine. */
  before: (sql: string) => void = () => undefined
  /** As {@link before}, for the connection that writes into the source. */
  beforeWriting: (sql: string) => void = () => undefined
  /** Called when the follower looks at the file of the standby. */
  looking: () => void = () => undefined
  /** Whether the standby's path still leads to its file. */
  stays = true
  /** The clock by which the follower waits for other writers, in ms. */
  monotonic = 0
  readonly sql: Sql

  static async make(): Promise<StandbyPair> {
    const folder = mkdtempSync(join(tmpdir(), 'standby-pair-'))
    const path = join(folder, 'app.db')
    const options = { DatabaseSync: DatabaseSync as never, locks: 'database', durability: 'process' } as const
    return new StandbyPair(folder, path, await SQLiteAdapter.open(path, options))
  }

  private constructor(folder: string, path: string, adapter: SQLiteAdapter) {
    this.folder = folder
    this.path = path
    this.adapter = adapter
    this.source = new DatabaseSync(path)
    this.standby = new DatabaseSync(':memory:')
    this.sql = {
      query: async (text, parameters = []) => {
        try {
          this.before(text)
          return this.standby.prepare(text).all(...parameters) as never
        } catch (error) {
          throw classify(error, 'standby')
        }
      },
    }
    const { follower, ending, state } = this.another()
    this.follower = follower
    this.ending = ending
    this.state = state
  }

  /** Makes another follower of the same two files, for use after the first one has stopped. */
  another(): Following {
    const open = async () => {
      const connection = new DatabaseSync(this.path)
      return {
        query: async (text: string, parameters: readonly unknown[] = []) => {
          try {
            this.beforeWriting(text)
            return connection.prepare(text).all(...(parameters as never[])) as never
          } catch (error) {
            throw classify(error, 'standby')
          }
        },
        close: async () => connection.close(),
      }
    }
    const state = new FollowerState(Date.now, () => undefined)
    const parts = {
      standby: this.sql,
      stays: async () => {
        this.looking()
        return this.stays
      },
      source: new Source(this.path, this.sql, open),
      state,
      busyWait: { busyTimeout: BUSY_TIMEOUT, monotonic: () => this.monotonic, stopping: () => false },
      now: Date.now,
    }
    const follower = new Follower(parts)
    return { follower, ending: new Ending(follower, parts), state }
  }

  async positionNow(): Promise<Position> {
    return (await readPosition(this.sql)) as Position
  }

  /** Runs one round alone, without a follower that handles its outcome. */
  async round(position?: Position, sql = this.sql): Promise<void> {
    await runRound(sql, position ?? (await this.positionNow()), await followedTables(this.sql, 'main'))
  }

  /** Returns the content of one of the two files as text. */
  dump(database: Database): string {
    const objects = database.prepare('SELECT type, name, sql FROM main.sqlite_master ORDER BY name').all() as {
      type: string
      name: string
    }[]
    const tables = objects.filter(({ type }) => type === 'table')
    return JSON.stringify([
      objects,
      ...tables.map(({ name }) => [name, database.prepare(`SELECT * FROM main."${name}" ORDER BY 1`).all()]),
    ])
  }

  async dispose(): Promise<void> {
    this.before = () => undefined
    await this.ending.leave()
    await this.adapter.disconnect()
    this.source.close()
    this.standby.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
