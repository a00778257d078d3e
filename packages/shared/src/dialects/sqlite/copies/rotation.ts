import { readdir, realpath, rm, stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import type { Complete } from '../../../arguments/options.js'
import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import type { Backup } from './backup.js'
import { manifestPath, readManifest } from './manifest.js'
import type { BackupKeep } from './schedule-options.js'

const DAY_MS = 86_400_000
// The first of January 1970 was a Thursday.
const DAYS_SINCE_MONDAY = 3

/** Returns the name of a backup that starts at `startedAt`, in epoch ms. */
function scheduledName(database: string, startedAt: number): string {
  const time = new Date(startedAt).toISOString().replaceAll(/[-:]/g, '')
  return `${basename(database).replace(/\.[^.]+$/, '')}-${time}.db`
}

const TIME_IN_NAME = /-(\d{4}|\+\d{6})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)\.db$/

/** Returns when a backup started, in epoch ms; NaN for a name that no schedule of the database gives. */
function startIn(name: string, database: string): number {
  const [, year, month, day, hour, minute, second] = TIME_IN_NAME.exec(name) ?? []
  const startedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}`)
  if (Number.isNaN(startedAt)) return startedAt
  return name.normalize() === scheduledName(database, startedAt).normalize() ? startedAt : Number.NaN
}

/** The name of a backup, and what its manifest says about it. */
interface BackupName {
  readonly path: string
  /** Epoch ms. */
  readonly startedAt: number
  /**
   * The path of the database relative to the folder of the backup, so that both can move together, and so that a copy of a
   * backup does not reveal the names of other folders. Symbolic links are resolved, as in SQLite's path of the database.
   */
  readonly scheduledFor: string
}

/**
 * Returns a free name for a backup that starts now. If the name of this millisecond is taken, after the clock was set back or by a
 * database of the same name in another folder, the backup gets the next free millisecond as its start.
 *
 * @param now Epoch ms.
 */
export async function freeName(directory: string, database: string, now: number): Promise<BackupName> {
  const taken = new Set(await readdir(directory))
  const scheduledFor = relative(await realpath(directory), database)
  for (let startedAt = now; ; startedAt++) {
    const name = scheduledName(database, startedAt)
    if (taken.has(name) || taken.has(manifestPath(name))) continue
    return { path: join(directory, name), startedAt, scheduledFor }
  }
}

/**
 * Yields the backups in a folder that the schedules of `database` have made, the newest first, without those whose size differs from
 * their manifest. Names tell the order, so the manifests of older backups are not read before the caller asks for them.
 *
 * @param until Epoch ms. Later backups were made with a clock that was ahead or has been set back since.
 * @param onUnreadable Called for each file that is named like one of them, and whose manifest the system could not read.
 */
export async function* scheduledBackups(
  directory: string,
  database: string,
  until: number = Number.POSITIVE_INFINITY,
  onUnreadable?: (error: PersistenceError) => void,
): AsyncGenerator<Backup, void, undefined> {
  const folder = await realpath(directory)
  const named = (await readdir(directory))
    .map((name) => ({ path: join(directory, name), startedAt: startIn(name, database) }))
    .filter(({ startedAt }) => startedAt <= until)
    .sort((one, other) => other.startedAt - one.startedAt)
  for (const { path, startedAt } of named) {
    const backup = await scheduledBackup(path, onUnreadable)
    if (backup?.startedAt !== startedAt || backup.scheduledFor === undefined) continue
    if (leadsTo(folder, backup.scheduledFor, database)) yield backup
  }
}

async function scheduledBackup(
  path: string,
  onUnreadable?: (error: PersistenceError) => void,
): Promise<Backup | undefined> {
  try {
    const manifest = await readManifest(path, 'BackupSchedule')
    return (await stat(path)).size === manifest.bytes ? { path, ...manifest } : undefined
  } catch (error) {
    // It belongs to something else, or was deleted meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (!hasCode(error, 'NOT_A_BACKUP')) throw error
    const { code = 'ENOENT', message } = Object(error.cause) as NodeJS.ErrnoException
    if (code !== 'ENOENT') {
      const text = `BackupSchedule: ${path} is neither counted nor deleted, because its manifest cannot be read (${message}); check its permissions and the disk`
      onUnreadable?.(new PersistenceError('NOT_A_BACKUP', 'BackupSchedule', text, error))
    }
    return undefined
  }
}

/**
 * Returns whether a path relative to `folder` is that of the database. On Windows, upper and lower case are equal: the drive letter
 * of a working directory may be either. Unicode normalizations are equal too, because some file systems of macOS change them.
 *
 * @param paths For tests.
 */
export function leadsTo(
  folder: string,
  path: string,
  database: string,
  paths: Pick<typeof import('node:path'), 'relative' | 'resolve'> = { relative, resolve },
): boolean {
  return paths.relative(paths.resolve(folder, path).normalize(), database.normalize()) === ''
}

/** Returns the backups that no rule keeps. @param backups The newest first. */
export function outdated(backups: readonly Backup[], keep: Complete<BackupKeep>): Backup[] {
  const kept = new Set([
    ...backups.slice(0, keep.last),
    ...newestOfEach(backups, keep.daily, dayOf),
    ...newestOfEach(backups, keep.weekly, weekOf),
  ])
  return backups.filter((backup) => !kept.has(backup))
}

/** Deletes a backup, then its manifest: if the process dies in between, no backup is left without a manifest. */
export async function deleteBackup({ path }: Backup): Promise<void> {
  await rm(path, { force: true })
  await rm(manifestPath(path), { force: true })
}

function newestOfEach(backups: readonly Backup[], count: number, periodOf: (time: number) => number): Backup[] {
  const newest = new Map<number, Backup>()
  for (const backup of backups) {
    const period = periodOf(backup.startedAt)
    if (!newest.has(period)) newest.set(period, backup)
  }
  return [...newest.values()].slice(0, count)
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS)
}

function weekOf(time: number): number {
  return Math.floor((dayOf(time) + DAYS_SINCE_MONDAY) / 7)
}
