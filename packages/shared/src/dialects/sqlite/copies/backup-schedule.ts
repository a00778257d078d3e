import type { BaseAdapter } from '../../../adapter/base-adapter.js'
import { anySignal, checkSignal } from '../../../arguments/abort-signal.js'
import { invalidArgument } from '../../../arguments/invalid.js'
import { type OptionNames, readOptions } from '../../../arguments/options.js'
import { PersistenceError } from '../../../errors/persistence-error.js'
import type { Session } from '../../../session/session.js'
import { DatabaseLockManager } from '../../../stores/lock/database-lock-manager.js'
import { StoredLockProvider } from '../../../stores/lock/sql-lock-provider.js'
import { sqliteDialect } from '../sqlite-dialect.js'
import { typedError, withTypedErrors } from '../thread/typed-error.js'
import type { Backup } from './backup.js'
import { type BackupSource, refuseReadOnly, sourceOf } from './backup-source.js'
import { withoutThread } from './engine-choice.js'
import { deleteBackup, outdated, scheduledBackups } from './rotation.js'
import { type BackupScheduleOptions, type ResolvedScheduleOptions, scheduleOptions } from './schedule-options.js'
import { scheduledBackUp } from './scheduled-back-up.js'

export type { BackupKeep, BackupScheduleOptions } from './schedule-options.js'

const RUN_OPTIONS: OptionNames<{ signal?: AbortSignal }> = { signal: true }

// How long the lock of a process lasts that has died. It is renewed while a backup runs, which only one process makes at a time.
const LOCK_TTL_MS = 30_000
const LOCK_PREFIX = 'go-goscope'
const LOCK_KEY = 'backup'
const UNWRITABLE = ['DISK_FULL', 'IO_ERROR', 'READ_ONLY']

// Timers do not count the time that a machine sleeps, and the wall clock may be set.
const LONGEST_PAUSE_MS = 60_000

// A backup of a large file may fail when it is copied and verified. The pause leaves the disks to others for most of the time.
const PAUSE_PER_ATTEMPT = 4

// How often a schedule looks whether a backup of others is made. Each look tries the lock and reads the folder.
const UNDER_WAY_PAUSE_MS = 5_000

/**
 * Backs up a database at regular times, and deletes old backups. Several processes may run a schedule for the same file and
 * folder: one of them makes each backup. While the disk of the file takes no writes, each of them does.
 *
 * A schedule keeps the process alive only while a backup is under way. It ends with the adapter.
 */
export class BackupSchedule implements AsyncDisposable {
  readonly #source: BackupSource
  readonly #options: ResolvedScheduleOptions
  readonly #locks: StoredLockProvider
  readonly #end = new AbortController()
  #cancelTimer: (() => void) | undefined
  #running: Promise<unknown> | undefined
  /** Whether the last rotation has found manifests that cannot be read. */
  #foundUnreadable = false

  /**
   * Starts a schedule. The first backup is made at once if the latest one is older than `every`, or if there is none.
   *
   * @param persistence An SQLiteAdapter of a file.
   * @throws PersistenceError `INVALID_ARGUMENT`; `CANNOT_OPEN` if `directory` is not a folder; `READ_ONLY` for an adapter that was
   *   opened with `readOnly`; `ENGINE_UNSUPPORTED` for one without a thread, and for that of a client.
   *
   * @example
   * ```ts
   * await using schedule = BackupSchedule.start(persistence, { directory: '.', every: 60 * 60_000, keep: { last: 24, daily: 7 } })
   * ```
   */
  static start(
    persistence: BaseAdapter & { backup(path: string): Promise<Backup> },
    options: BackupScheduleOptions,
  ): BackupSchedule {
    const source = sourceOf(persistence, 'BackupSchedule')
    const resolved = scheduleOptions(options)
    const { session } = source
    refuseReadOnly(session, 'BackupSchedule', 'call backup()')
    const { engine, owner } = session.connection
    // A client makes no backup. Without a thread every one would fail, and an app that listens to no diagnostics would not notice.
    if (owner !== undefined || (resolved.backup.worker ?? source.startWorker) === undefined)
      throw withoutThread(engine, 'BackupSchedule')
    if (session.ready) locationOf(session)
    const schedule = new BackupSchedule(source, resolved)
    schedule.#wait(0)
    return schedule
  }

  private constructor(source: BackupSource, options: ResolvedScheduleOptions) {
    const { session } = source
    this.#source = source
    this.#options = options
    const manager = new DatabaseLockManager(session, sqliteDialect.locks, LOCK_PREFIX)
    this.#locks = new StoredLockProvider(session, manager, LOCK_TTL_MS)
    session.onEnd(() => void this.stop())
  }

  /**
   * Backs up now.
   *
   * @returns the backup that was made.
   * @throws PersistenceError `BUSY` while this or another process makes a backup; the errors of `backup`. The reason of the signal.
   */
  async run(options: { signal?: AbortSignal | undefined } = {}): Promise<Backup> {
    const { signal } = readOptions(options, RUN_OPTIONS, 'BackupSchedule')
    checkSignal(signal, 'BackupSchedule')
    const backup = await this.#exclusive(signal)
    if (backup !== undefined) return backup
    throw new PersistenceError(
      'BUSY',
      'BackupSchedule',
      'BackupSchedule: a backup of this file is under way, here or in another process; wait for it',
    )
  }

  /** Returns the backups that schedules of this file have made in the folder, the newest first. */
  async list(): Promise<Backup[]> {
    return withTypedErrors('BackupSchedule', undefined, async () =>
      allOf(scheduledBackups(this.#options.directory, await this.#database())),
    )
  }

  /** Ends the schedule and a running backup. May be called again. */
  async stop(): Promise<void> {
    this.#end.abort(new PersistenceError('CLOSED', 'BackupSchedule', 'BackupSchedule: the schedule was stopped'))
    this.#cancelTimer?.()
    // Its caller, or `onError`, has received the error.
    await this.#running?.catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #wait(ms: number): void {
    if (this.#end.signal.aborted) return
    this.#cancelTimer = this.#source.session.clock.setTimer(() => void this.#turn(), ms)
  }

  /** Makes a backup if one is due, and waits for the next one. Never rejects. */
  async #turn(): Promise<void> {
    const { every } = this.#options
    const { clock } = this.#source.session
    const began = clock.monotonic()
    try {
      let due = await this.#due()
      if (due <= 0) {
        await this.#exclusive(undefined, true)
        due = await this.#due()
      }
      // If it is still due, another call or process is making it.
      this.#wait(due > 0 ? Math.min(due, LONGEST_PAUSE_MS) : Math.min(every, UNDER_WAY_PAUSE_MS))
    } catch (error) {
      if (this.#end.signal.aborted) return
      this.#report(error)
      this.#wait(Math.min(every, Math.max(LONGEST_PAUSE_MS, PAUSE_PER_ATTEMPT * (clock.monotonic() - began))))
    }
  }

  /** Returns the ms until the next backup is due; 0 or less if one is due now. */
  async #due(): Promise<number> {
    const now = this.#source.session.clock.now()
    const { directory, every } = this.#options
    return withTypedErrors('BackupSchedule', undefined, async () => {
      // A backup from the future must not delay the next one until then.
      for await (const { startedAt } of scheduledBackups(directory, await this.#database(), now))
        return startedAt + every - now
      return 0
    })
  }

  /**
   * Backs up unless this or another process makes a backup.
   *
   * @param ifDue Whether to back up only if a backup is still due once this process has the lock.
   * @returns `undefined` if no backup was made.
   */
  async #exclusive(signal: AbortSignal | undefined, ifDue = false): Promise<Backup | undefined> {
    if (this.#running !== undefined) return undefined
    const running = this.#backUp(signal, ifDue)
    this.#running = running
    try {
      return await running
    } finally {
      this.#running = undefined
    }
  }

  async #backUp(signal: AbortSignal | undefined, ifDue: boolean): Promise<Backup | undefined> {
    const end = this.#end.signal
    end.throwIfAborted()
    const lock = await this.#locks.hold(LOCK_KEY, { ttl: LOCK_TTL_MS, renew: true }).catch((error) => {
      // A disk that takes no writes is when a backup is needed, even if each process makes one.
      if (!UNWRITABLE.includes(error.code)) throw error
    })
    if (lock === null) return undefined
    try {
      if (ifDue && (await this.#due()) > 0) return undefined
      const database = await this.#database()
      const { directory, backup: options } = this.#options
      const all = { ...options, signal: anySignal([end, lock?.signal, signal].filter((one) => one !== undefined)) }
      const backup = await scheduledBackUp(this.#source, database, directory, all)
      await this.#rotate(backup, database)
      return backup
    } finally {
      // If the lock cannot be released, its lease ends.
      await lock?.release().catch(() => undefined)
    }
  }

  /** Deletes the backups that no rule keeps, once the new one exists. */
  async #rotate(made: Backup, database: string): Promise<void> {
    const report = (error: unknown): void => this.#report(typedError(error, 'BackupSchedule'))
    try {
      const unreadable: unknown[] = []
      const { directory, keep } = this.#options
      const onUnreadable = (error: unknown): void => void unreadable.push(error)
      // Those from the future are neither deleted nor counted.
      const backups = await allOf(scheduledBackups(directory, database, made.startedAt, onUnreadable))
      for (const backup of outdated(backups, keep)) await deleteBackup(backup).catch(report)
      // The others have the same cause. They may be of another user, whose schedule of a file of the same name uses this folder.
      if (!this.#foundUnreadable) unreadable.slice(0, 1).forEach(report)
      this.#foundUnreadable = unreadable.length > 0
    } catch (error) {
      report(error)
    }
  }

  async #database(): Promise<string> {
    const { session } = this.#source
    if (!session.ready) await session.connect('BackupSchedule')
    return locationOf(session)
  }

  #report(error: unknown): void {
    const { onError } = this.#options
    const { diagnostics } = this.#source.session
    if (onError === undefined) diagnostics.backgroundError('BackupSchedule', error)
    else diagnostics.callListener('BackupSchedule', () => onError(error))
  }
}

async function allOf(backups: AsyncIterable<Backup>): Promise<Backup[]> {
  const all: Backup[] = []
  for await (const backup of backups) all.push(backup)
  return all
}

/** Returns the path of the database. @throws PersistenceError `INVALID_ARGUMENT` for one in memory. */
function locationOf({ connection }: Session): string {
  const { location } = connection.place
  if (location !== '') return location
  throw invalidArgument('BackupSchedule', 'a database in memory ends with its process; call backup() for a copy of it')
}
