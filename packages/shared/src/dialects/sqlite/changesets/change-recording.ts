import type { EndsWithConnection } from '../../../connection/connection.js'
import type { ChangeRecorder, RecordedChanges } from '../../../driver/driver.js'
import { closedError } from '../../../queue/closed-queue.js'
import type { Session } from '../../../session/session.js'
import { joined } from './changeset-format.js'
import { checkedAsBefore, type RecordedTable } from './recorded-table.js'

const TAKE = 'changesets.take'

/**
 * Records what one connection changes in some tables of the app, from its start on. Changes by other connections and processes
 * are not recorded.
 */
export class ChangeRecording implements AsyncDisposable {
  readonly #session: Session
  readonly #recorder: ChangeRecorder
  readonly #tables: readonly RecordedTable[]
  #current: RecordedChanges[] | undefined
  /** Taken from the engine and not yet given. */
  #taken: Uint8Array[] = []
  #taking: Promise<unknown> | undefined

  private constructor(session: Session, recorder: ChangeRecorder, tables: readonly RecordedTable[]) {
    this.#session = session
    this.#recorder = recorder
    this.#tables = tables
  }

  /** @throws PersistenceError `INVALID_ARGUMENT`; `SQL` while the app has a transaction open on the handle. */
  static async start(
    session: Session,
    recorder: ChangeRecorder,
    tables: readonly RecordedTable[],
  ): Promise<ChangeRecording> {
    const recording = new ChangeRecording(session, recorder, tables)
    const record = { sql: 'SELECT 1', parameters: [], after: () => recording.#start() }
    await session.atomic('changesets.record', [...recording.#checks('changesets.record'), record])
    session.connection.shared(OpenRecordings).all.add(recording)
    return recording
  }

  /**
   * Takes the changes since the start or since the last call. Each change is returned once, so the caller has to keep it until it
   * was applied elsewhere. Several changes of a row become one, and changes that cancel out are left out.
   *
   * @returns bytes for `apply`; empty where nothing has changed.
   *
   * @throws PersistenceError `INVALID_ARGUMENT` when a table was changed or has a row without a key; `SQL` while the app has a
   *   transaction open on the handle, which it may still roll back; `CLOSED`. The changes are kept then.
   */
  take(): Promise<Uint8Array> {
    const taking = this.#take()
    this.#taking = taking.catch(() => undefined) // Its caller is told.
    return taking
  }

  /** Ends the recording, after a `take` that is under way. Changes that were not taken are dropped. May be repeated. */
  async close(): Promise<void> {
    await this.#taking
    this.end()
    this.#session.connection.shared(OpenRecordings).all.delete(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** To be called before the handle is closed. */
  end(): void {
    const current = this.#current ?? []
    this.#current = undefined
    for (const changes of current) changes.close()
  }

  async #take(): Promise<Uint8Array> {
    if (this.#current === undefined) throw closedError(TAKE)
    const take = { sql: 'SELECT 1', parameters: [], after: () => this.#renew() }
    await this.#session.atomic(TAKE, [...this.#checks(TAKE), take])
    const taken = this.#taken
    this.#taken = []
    return joined(taken)
  }

  #checks(operation: string): ReturnType<typeof checkedAsBefore> {
    return this.#tables.flatMap((table) => checkedAsBefore(table, operation))
  }

  #start(): void {
    this.#current = this.#tables.map(({ name }) => this.#recorder.record(name))
  }

  /** In one turn, so that no change comes between: the engine would give the same changes again and again. */
  #renew(): void {
    if (this.#current === undefined) throw closedError(TAKE)
    this.#taken.push(...this.#current.map((changes) => changes.changeset()))
    this.end()
    this.#start()
  }
}

/** Those of one connection, which end before its handle is closed or given back. */
class OpenRecordings implements EndsWithConnection {
  readonly all = new Set<ChangeRecording>()

  ended(): void {
    for (const recording of this.all) recording.end()
  }
}
