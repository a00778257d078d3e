import type { EndsWithConnection } from '../../../connection/shared-states.js'
import type { ChangeRecorder, RecordedChanges } from '../../../driver/driver.js'
import { closedError } from '../../../queue/closed-queue.js'
import type { Session } from '../../../session/session.js'
import { joined } from './changeset-format.js'
import { checkedAsBefore, type RecordedTable } from './recorded-table.js'

const TAKE = 'changesets.take'

/**
 * Records the changes that one connection makes in some tables of the app, from its start on. Changes by other connections and
 * processes are not recorded.
 */
export class ChangeRecording implements AsyncDisposable {
  readonly #session: Session
  readonly #recorder: ChangeRecorder
  readonly #tables: readonly RecordedTable[]
  #current: RecordedChanges[] | undefined
  /** Read from the engine and not yet returned. */
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
    const record = { sql: 'SELECT 1', after: () => recording.#start() }
    await session.atomic('changesets.record', [...recording.#checks('changesets.record'), record])
    session.connection.shared(OpenRecordings).all.add(recording)
    return recording
  }

  /**
   * Returns the changes since the start or since the last call. Each change is returned once, so keep it until it was applied
   * elsewhere. Several changes of a row become one, and changes that cancel out are omitted.
   *
   * @returns bytes for `apply`; empty when nothing has changed.
   * @throws PersistenceError `INVALID_ARGUMENT` when a table was altered or has a row without a key; `SQL` while the app has a
   *   transaction open on the handle, which it may still roll back; `CLOSED`. The changes are then kept.
   */
  take(): Promise<Uint8Array> {
    const taking = this.#take()
    this.#taking = taking.catch(() => undefined) // Its caller receives the error.
    return taking
  }

  /** Ends the recording after a running `take`. Changes that were not taken are dropped. May be called again. */
  async close(): Promise<void> {
    await this.#taking
    this.end()
    this.#session.connection.shared(OpenRecordings).all.delete(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Call it before the handle is closed. */
  end(): void {
    const current = this.#current ?? []
    this.#current = undefined
    for (const changes of current) changes.close()
  }

  async #take(): Promise<Uint8Array> {
    // Before it waits for other writers.
    if (this.#current === undefined) throw closedError(TAKE)
    const take = { sql: 'SELECT 1', after: () => this.#renew() }
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

  /**
   * Synchronous, so that no change comes between the two steps. Without the renewal the engine would return the same changes
   * again.
   */
  #renew(): void {
    if (this.#current === undefined) throw closedError(TAKE)
    this.#taken.push(...this.#current.map((changes) => changes.changeset()))
    this.end()
    this.#start()
  }
}

/** The recordings of one connection. They end before its handle is closed or released. */
class OpenRecordings implements EndsWithConnection {
  readonly all = new Set<ChangeRecording>()

  ended(): void {
    for (const recording of this.all) recording.end()
  }
}
