import { invalidArgument, shown, typeName } from '../../arguments/invalid.js'
import { checkKey } from '../../arguments/limits.js'
import { readMembers } from '../../arguments/read-argument.js'
import type { Row } from '../../driver/driver.js'
import type { Checkpoint, CheckpointProvider } from '../../ports/checkpoint.js'
import { nothing } from '../../queue/statement.js'
import type { Session } from '../../session/session.js'
import { exactNumber, isReadable } from '../../values/numbers.js'
import type { CheckpointSql } from './checkpoint-sql.js'

/** The checkpoint port. Type arguments for the data are not checked. */
export interface SqlCheckpointProvider extends CheckpointProvider {
  /** Returns the checkpoint of a task with the highest sequence, or `undefined`. */
  loadLatest(taskId: string): Promise<Checkpoint | undefined>
  loadLatest<T>(taskId: string): Promise<Checkpoint<T> | undefined>
  /** Returns the checkpoint with this id, or `undefined`. */
  load(checkpointId: string): Promise<Checkpoint | undefined>
  load<T>(checkpointId: string): Promise<Checkpoint<T> | undefined>
}

/** Checkpoints in a table. Finding the newest and dropping older ones take O(log n) of the table. */
export class CheckpointStore implements SqlCheckpointProvider {
  readonly #session: Session
  readonly #sql: CheckpointSql
  readonly #latest = (row: Row | undefined): Checkpoint | undefined =>
    row && this.#checkpoint(row, 'checkpoint.loadLatest')
  readonly #loaded = (row: Row | undefined): Checkpoint | undefined => row && this.#checkpoint(row, 'checkpoint.load')

  constructor(session: Session, sql: CheckpointSql) {
    this.#session = session
    this.#sql = sql
  }

  async save<T>(given: Checkpoint<T>): Promise<void> {
    const checkpoint = checkedCheckpoint(given, this.#session.maxKeyLength)
    const data = this.#session.values.encode(checkpoint.data, 'checkpoint.save')
    if (!this.#session.ready) await this.#session.connect('checkpoint.save')
    const { id, taskId, sequence, timestamp, progress, estimatedTimeRemaining } = checkpoint
    const names = this.#session.names.checkpoint
    return this.#session.execute(
      this.#sql.save,
      [
        names.store(id),
        names.store(taskId),
        sequence,
        exactNumber(timestamp),
        exactNumber(progress),
        data,
        estimateOrNull(estimatedTimeRemaining),
      ],
      nothing,
    )
  }

  async loadLatest<T>(taskId: string): Promise<Checkpoint<T> | undefined> {
    this.#checkTask(taskId, 'checkpoint.loadLatest')
    if (!this.#session.ready) await this.#session.connect('checkpoint.loadLatest')
    const task = this.#session.names.checkpoint.store(taskId)
    return this.#session.execute(this.#sql.loadLatest, [task], this.#latest) as Checkpoint<T> | undefined
  }

  async load<T>(checkpointId: string): Promise<Checkpoint<T> | undefined> {
    checkKey(checkpointId, this.#session.maxKeyLength, 'checkpoint.load', 'checkpointId')
    if (!this.#session.ready) await this.#session.connect('checkpoint.load')
    const id = this.#session.names.checkpoint.store(checkpointId)
    return this.#session.execute(this.#sql.load, [id], this.#loaded) as Checkpoint<T> | undefined
  }

  async list(taskId: string): Promise<Checkpoint<unknown>[]> {
    this.#checkTask(taskId, 'checkpoint.list')
    if (!this.#session.ready) await this.#session.connect('checkpoint.list')
    const task = this.#session.names.checkpoint.store(taskId)
    return this.#session.execute(this.#sql.list, [task], (rows) =>
      rows.map((row) => this.#checkpoint(row, 'checkpoint.list')),
    )
  }

  async cleanup(taskId: string, keepCount: number): Promise<void> {
    if (!Number.isSafeInteger(keepCount) || keepCount < 0) {
      throw invalidArgument('checkpoint.cleanup', `keepCount must be a whole number from 0, got ${shown(keepCount)}`)
    }
    this.#checkTask(taskId, 'checkpoint.cleanup')
    if (!this.#session.ready) await this.#session.connect('checkpoint.cleanup')
    const task = this.#session.names.checkpoint.store(taskId)
    return this.#session.execute(this.#sql.cleanup, [task, keepCount], nothing)
  }

  async deleteAll(taskId: string): Promise<void> {
    this.#checkTask(taskId, 'checkpoint.deleteAll')
    if (!this.#session.ready) await this.#session.connect('checkpoint.deleteAll')
    const task = this.#session.names.checkpoint.store(taskId)
    return this.#session.execute(this.#sql.deleteAll, [task], nothing)
  }

  #checkTask(taskId: string, operation: string): void {
    checkKey(taskId, this.#session.maxKeyLength, operation, 'taskId')
  }

  #checkpoint(row: Row, operation: string): Checkpoint {
    const names = this.#session.names.checkpoint
    const id = String(row.id)
    return {
      id: names.restore(id),
      taskId: names.restore(String(row.task_id)),
      sequence: Number(row.sequence),
      timestamp: Number(row.timestamp),
      progress: Number(row.progress),
      data: this.#session.values.decode(row.data, this.#sql.table, id, operation),
      ...(row.estimated_time_remaining !== null && { estimatedTimeRemaining: Number(row.estimated_time_remaining) }),
    }
  }
}

// A host that has no rate yet estimates Infinity. That is no estimate, and no reason to lose the checkpoint.
const estimateOrNull = (estimate: number | undefined): number | string | null =>
  estimate !== undefined && isReadable(estimate) ? exactNumber(estimate) : null

const MEMBERS = ['id', 'taskId', 'sequence', 'timestamp', 'progress', 'data', 'estimatedTimeRemaining'] as const

function checkedCheckpoint(given: Checkpoint, maxKeyLength: number): Checkpoint {
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument(
      'checkpoint.save',
      `checkpoint must be an object with ${MEMBERS.join(', ')}, got ${typeName(given)}`,
    )
  }
  const checkpoint = readMembers(given, MEMBERS, 'checkpoint.save', 'checkpoint.')
  checkKey(checkpoint.id, maxKeyLength, 'checkpoint.save', 'checkpoint.id')
  checkKey(checkpoint.taskId, maxKeyLength, 'checkpoint.save', 'checkpoint.taskId')
  if (!Number.isSafeInteger(checkpoint.sequence)) {
    throw invalidArgument(
      'checkpoint.save',
      `checkpoint.sequence must be a whole number, got ${shown(checkpoint.sequence)}`,
    )
  }
  for (const name of ['timestamp', 'progress'] as const) {
    if (!isReadable(checkpoint[name])) {
      throw invalidArgument(
        'checkpoint.save',
        `checkpoint.${name} must be a number within ±2^53, got ${shown(checkpoint[name])}`,
      )
    }
  }
  return checkpoint
}
