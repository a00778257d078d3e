import { type OptionNames, readOptions } from '../arguments/options.js'
import { checkedLimit } from '../arguments/page-options.js'
import { PersistenceError } from '../errors/persistence-error.js'
import { ALL_NAMES } from '../keys/key-range.js'
import { type NamedKey, splitQualified } from '../keys/key-space.js'
import { allRows } from '../queue/statement.js'
import { nameOf, walkRows } from '../session/row-walk.js'
import { DatabaseInspection, type Inspected } from './database-inspection.js'
import type { InvariantSql, Part } from './invariants-sql.js'
import type { Item, Listed } from './listed-rows.js'
import { type Naming, qualifiedNaming, taggedNaming, UntaggedNaming } from './naming.js'
import { isRecorded } from './prefixes.js'
import { taskReader } from './read-rows.js'

/** Options of `verify`. */
export interface VerifyOptions {
  /** The maximum number of faults; reading ends at the last of them. All are kept in memory. Default 1,000. */
  limit?: number | undefined
}

/** A fault that `verify` has found in a database. */
export interface Fault {
  readonly part: Part
  /** `null` when the stored name starts with no known prefix. Absent for a fault that does not concern a row. */
  readonly prefix?: string | null
  /** A key, the id of a checkpoint, or the name of a schema object. Absent for a fault that concerns none of these. */
  readonly key?: string
  /** What is wrong, for people. */
  readonly problem: string
}

/** The result of `adapter.verify()`. */
export interface DatabaseVerification {
  /** The number of entries, locks, circuits, claims, results and checkpoints that were read, including expired ones. */
  readonly items: number
  /** Empty when nothing is wrong. */
  readonly faults: readonly Fault[]
  /** Whether every row was read. `false`: reading ended at `limit`, so there may be more faults. */
  readonly complete: boolean
}

const VERIFY: OptionNames<VerifyOptions> = { limit: true }
const MOST_FAULTS = 1_000

/** See `SqlAdapter.verify`. */
export async function verifyDatabase(
  inspected: Inspected,
  invariants: InvariantSql,
  options: VerifyOptions = {},
): Promise<DatabaseVerification> {
  const most = checkedLimit(readOptions(options, VERIFY, 'verify').limit ?? MOST_FAULTS, 'verify')
  const { session } = inspected
  if (!session.ready) await session.connect('verify')
  const pass = new VerificationPass(inspected, invariants)
  const faults: Fault[] = []
  for await (const fault of pass.faults()) {
    faults.push(fault)
    if (faults.length === most) return { items: pass.items, faults, complete: false }
  }
  return { items: pass.items, faults, complete: true }
}

/** One pass over a whole database. */
class VerificationPass {
  items = 0
  readonly #inspected: Inspected
  readonly #invariants: InvariantSql
  readonly #names: Readonly<Record<Exclude<Part, 'prefixes' | 'schema'>, Naming>>
  /** The prefix that was looked up last. Consecutive names mostly have the same. */
  #lastLookup: { readonly prefix: string; readonly isRecorded: boolean } | undefined

  constructor(inspected: Inspected, invariants: InvariantSql) {
    this.#inspected = inspected
    this.#invariants = invariants
    const keys = new UntaggedNaming(inspected, 'idempotency', undefined, '')
    this.#names = {
      cache: taggedNaming('cache:', undefined, ''),
      circuits: taggedNaming('circuit:', undefined, ''),
      locks: qualifiedNaming(undefined, ''),
      claims: keys,
      results: keys,
      tasks: new UntaggedNaming(inspected, 'checkpoint', undefined, ''),
    }
  }

  async *faults(): AsyncGenerator<Fault, void, undefined> {
    yield* this.#ofDatabase()
    yield* this.#ofRows()
    const all = new DatabaseInspection(this.#inspected, { prefix: '*' })
    yield* this.#unreadable('locks', all.locks({ expired: true }))
    yield* this.#unreadable('circuits', all.circuits())
    yield* this.#unreadable('claims', all.claims({ expired: true }))
    yield* this.#unreadable('results', all.results({ expired: true, values: true }))
    yield* this.#unreadable('cache', all.entries({ expired: true, values: true }))
    yield* this.#ofCheckpoints()
  }

  async *#ofDatabase(): AsyncGenerator<Fault, void, undefined> {
    const { session } = this.#inspected
    for (const { part, statement, broken: problem } of this.#invariants.database) {
      for (const { name } of await session.execute(statement, [], allRows))
        yield { part, ...(name !== null && { key: String(name) }), problem }
    }
  }

  async *#ofRows(): AsyncGenerator<Fault, void, undefined> {
    const { session } = this.#inspected
    for (const { part, statement, broken } of this.#invariants.rows) {
      for await (const row of walkRows(session, statement, { range: ALL_NAMES })) {
        const name = nameOf(row)
        for (const [column, problem] of Object.entries(broken))
          if (row[column] === 1) yield await this.#fault(part, name, problem)
        yield* this.#unrecorded(part, name)
      }
    }
  }

  /** Reads each checkpoint, because the list of tasks reads only the newest of each task. */
  async *#ofCheckpoints(): AsyncGenerator<Fault, void, undefined> {
    const { session, tables } = this.#inspected
    const { read, addValue } = taskReader(tables.checkpoints, session.values)
    for await (const row of walkRows(session, this.#invariants.checkpoints, { range: ALL_NAMES, values: true })) {
      this.items++
      const name = nameOf(row)
      try {
        const info = read(row)
        if (info !== undefined) addValue?.(info, row, name ?? String(row.name))
      } catch (error) {
        if (!(error instanceof PersistenceError)) throw error
        yield await this.#fault('tasks', name, error.message)
      }
      yield* this.#unrecorded('tasks', name)
    }
  }

  async *#unreadable(part: Part, list: AsyncIterable<Item<object>>): AsyncGenerator<Fault, void, undefined> {
    for await (const { prefix, key, unreadable } of list as AsyncIterable<Listed & { unreadable?: PersistenceError }>) {
      this.items++
      // A result that could not be stored is not a fault: the key reports it as designed.
      if (unreadable !== undefined && unreadable.code !== 'RESULT_NOT_STORED')
        yield { part, prefix, key, problem: unreadable.message }
    }
  }

  /**
   * A prefix is recorded before its first name is stored. Without the record, the row may not be found under another layout. Names
   * of locks have only one, and those of backup schedules have a prefix of their own.
   */
  async *#unrecorded(part: Part, name: string | undefined): AsyncGenerator<Fault, void, undefined> {
    if (part !== 'claims' && part !== 'results' && part !== 'tasks') return
    const qualified = name === undefined ? undefined : splitQualified(name)
    if (qualified === undefined || (await this.#isRecorded(qualified.prefix))) return
    yield {
      part,
      ...qualified,
      problem: 'its prefix is not among those whose names are settled; its row may be out of reach',
    }
  }

  async #isRecorded(prefix: string): Promise<boolean> {
    if (this.#lastLookup?.prefix === prefix) return this.#lastLookup.isRecorded
    this.#lastLookup = { prefix, isRecorded: await isRecorded(this.#inspected, prefix) }
    return this.#lastLookup.isRecorded
  }

  async #fault(part: Part, name: string | undefined, problem: string): Promise<Fault> {
    const named = name === undefined ? undefined : await this.#split(part, name)
    if (named !== undefined) return { part, ...named, problem }
    return { part, prefix: null, ...(name !== undefined && { key: name }), problem }
  }

  #split(part: Part, name: string): NamedKey | undefined | Promise<NamedKey | undefined> {
    return part === 'prefixes' || part === 'schema' ? undefined : this.#names[part].split(name)
  }
}
