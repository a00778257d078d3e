import { type BaseAdapter, sessionOf } from '../../../adapter/base-adapter.js'
import { invalidArgument, invalidCallOption, shown } from '../../../arguments/invalid.js'
import { itemsOf } from '../../../arguments/iterables.js'
import { type OptionNames, readOptions } from '../../../arguments/options.js'
import { readArgument } from '../../../arguments/read-argument.js'
import type { ChangeRecorder } from '../../../driver/driver.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Session } from '../../../session/session.js'
import { ChangeRecording } from './change-recording.js'
import { type ChangesOfTable, joined, readChangeset } from './changeset-format.js'
import { ConflictAnswers, type ConflictPolicy, checkPolicy } from './conflict-policy.js'
import { folded, type RecordedTable, readTable, takesChangesOf } from './recorded-table.js'
import { referringFirst } from './referring-first.js'

/** Options of {@link changesets}. */
export interface ChangesetOptions {
  /** The app's own tables, each with a PRIMARY KEY, in any order. */
  tables: Iterable<string>
}

/** Options of {@link Changesets.apply}. */
export interface ApplyOptions {
  /** How to resolve a change that conflicts with the database. Default `abort`. */
  onConflict?: ConflictPolicy | undefined
  /** Returns whether the changes of a table are applied. Default: all tables. */
  filter?: ((table: string) => boolean) | undefined
}

/** The result of {@link Changesets.apply}. */
export interface AppliedChanges {
  /** How many rows the changeset inserts, updates and deletes in the tables that `filter` accepts. */
  readonly changes: number
  /** How many conflicts were resolved with `omit`. */
  readonly omitted: number
  /** How many conflicts were resolved with `replace`. */
  readonly replaced: number
}

const APPLY = 'changesets.apply'
const OPTIONS: OptionNames<ChangesetOptions> = { tables: true }
const APPLY_OPTIONS: OptionNames<ApplyOptions> = { onConflict: true, filter: true }

/**
 * Records and applies changesets of the app's own tables: the rows that ONE connection, that of `persistence`, inserts, updates
 * and deletes. Writes of other connections and processes are not included. To copy a whole file, use a backup or a standby.
 *
 * @throws PersistenceError `ENGINE_UNSUPPORTED` on an engine without sessions; `INVALID_ARGUMENT` for tables that cannot be
 *   recorded: those of this package, and those without a key.
 */
export async function changesets(persistence: BaseAdapter, options: ChangesetOptions): Promise<Changesets> {
  const session = sessionOf(persistence)
  if (session === undefined) {
    throw invalidArgument(
      'changesets',
      `the first argument must be an adapter of this family, got ${shown(persistence)}`,
    )
  }
  const { recorder, engine } = session.connection
  if (recorder === undefined) {
    throw new PersistenceError(
      'ENGINE_UNSUPPORTED',
      'changesets',
      `changesets: this version of ${engine} has no sessions, or it runs in a thread (worker: true) or at the owner of a client; the engines of ` +
        '@go-go-scope/persistence-sqlite-node have them in this thread, on Node 20 and 24, the latest 22, and Bun (docs/drivers.md)',
    )
  }
  const { tables } = readOptions(options, OPTIONS, 'changesets')
  const names = itemsOf(tables, 'changesets', 'option tables')
  if (names.length === 0) throw invalidArgument('changesets', 'option tables must name at least one table')
  await session.connect('changesets')
  const read = await Promise.all(names.map((name) => readTable(session, name, 'changesets')))
  return new Changesets(session, recorder, new Map(referringFirst(read).map((table) => [folded(table.name), table])))
}

/** Records and applies changes of some tables. Created by {@link changesets}. */
export class Changesets {
  readonly #session: Session
  readonly #recorder: ChangeRecorder
  readonly #tables: ReadonlyMap<string, RecordedTable>

  constructor(session: Session, recorder: ChangeRecorder, tables: ReadonlyMap<string, RecordedTable>) {
    this.#session = session
    this.#recorder = recorder
    this.#tables = tables
  }

  /** Starts a recording. It keeps changed rows in memory until they are taken or it is closed. */
  record(): Promise<ChangeRecording> {
    return ChangeRecording.start(this.#session, this.#recorder, [...this.#tables.values()])
  }

  /**
   * Applies a changeset in one transaction, all or nothing. A recording on this connection also records the applied changes.
   *
   * @throws PersistenceError `CHANGESET_CONFLICT` when a conflict is resolved with `abort`; `INVALID_ARGUMENT` for bytes that are
   *   not a changeset, and for changes of a table that is not in `tables` or has other columns here.
   */
  async apply(changeset: Uint8Array, options: ApplyOptions = {}): Promise<AppliedChanges> {
    if (!(changeset instanceof Uint8Array))
      throw invalidArgument(APPLY, `the changeset must be a Uint8Array, got ${shown(changeset)}`)
    const { onConflict = 'abort', filter } = readOptions(options, APPLY_OPTIONS, APPLY)
    checkPolicy(onConflict)
    const chosen = chosenBy(filter, readChangeset(changeset, APPLY))
    for (const { table } of chosen) this.#checkNamed(table)
    const bytes = joined(chosen.flatMap(({ parts }) => parts))
    let answers!: ConflictAnswers
    const apply = () => {
      // Created for each attempt, because the transaction is retried when another writer was in the way.
      answers = new ConflictAnswers(onConflict)
      applyNow(this.#recorder, bytes, answers)
    }
    const checks = chosen.map(({ table, key }) => takesChangesOf(table, key, APPLY))
    await this.#session.atomic(APPLY, [...checks, { sql: 'SELECT 1', after: apply }])
    const changes = chosen.reduce((sum, part) => sum + part.changes, 0)
    return { changes, omitted: answers.omitted, replaced: answers.replaced }
  }

  #checkNamed(table: string): void {
    if (this.#tables.has(folded(table))) return
    const names = [...this.#tables.values()].map(({ name }) => name).join(', ')
    throw invalidArgument(
      APPLY,
      `the changeset must be of the tables ${names}, but changes ${shown(table)}; name it in tables, or leave it out by filter`,
    )
  }
}

function chosenBy(filter: ApplyOptions['filter'], parts: readonly ChangesOfTable[]): readonly ChangesOfTable[] {
  if (filter === undefined) return parts
  if (typeof filter !== 'function') throw invalidCallOption(APPLY, 'filter', filter, 'a function')
  // Called here and not by the engine, which may crash when a callback throws.
  return readArgument(() => parts.filter(({ table }) => filter(table)), APPLY, 'the answer of filter')
}

function applyNow(recorder: ChangeRecorder, bytes: Uint8Array, answers: ConflictAnswers): void {
  let applied = false
  try {
    applied = recorder.apply(bytes, answers.answer)
  } catch (error) {
    throw answers.failure ?? error
  }
  if (!applied) throw answers.failure ?? new Error('the engine gave up without a conflict')
}
