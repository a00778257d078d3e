import { readFile, stat } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'

const FORMAT = 'go-goscope-backup/1'
// The latest time that a Date can represent.
const LATEST_DATE_MS = 8.64e15

/** The facts about a backup. The file `<backup>.json` contains them as JSON. */
export interface BackupManifest {
  readonly bytes: number
  readonly pages: number
  /** The SHA-256 of the file, in hex. */
  readonly sha256: string
  /** The version of the SQLite library that made the backup. */
  readonly sqliteVersion: string
  /** The schema version of the tables. 0 for a file of go-go-scope 2.9. */
  readonly schemaVersion: number
  /** Epoch ms. The backup contains everything that was committed before. */
  readonly startedAt: number
  /** Duration of the backup and its verification, in ms. */
  readonly milliseconds: number
  /** The number of the last change in the backup, as in `standby.position`. Absent if no standby followed the database. */
  readonly position?: number
  /** The database whose schedule made the backup and may delete it, as a path relative to the folder of the backup. */
  readonly scheduledFor?: string
}

export function manifestPath(backup: string): string {
  return `${backup}.json`
}

export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`
}

/** @throws PersistenceError `NOT_A_BACKUP` if there is no readable manifest. */
export async function readManifest(backup: string, operation: string): Promise<BackupManifest> {
  const path = manifestPath(backup)
  let text: string
  try {
    // Reading a pipe would wait for a writer.
    if (!(await stat(path)).isFile()) throw new Error('it is no file')
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw notABackup(operation, backup, `its manifest ${path} cannot be read (${(cause as Error).message})`, cause)
  }
  const { format, ...manifest } = parsed(text) ?? {}
  if (format !== FORMAT || !isManifest(manifest)) {
    throw notABackup(operation, backup, `${path} is no manifest of the form ${FORMAT}`)
  }
  return manifest
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // The caller reports that it is no manifest.
    return undefined
  }
}

function isManifest(value: Record<string, unknown>): value is Record<string, unknown> & BackupManifest {
  const isCount = (name: keyof BackupManifest): boolean => Number.isSafeInteger(value[name]) && Number(value[name]) >= 0
  return (
    (['bytes', 'pages', 'schemaVersion', 'startedAt'] as const).every(isCount) &&
    Number(value.startedAt) <= LATEST_DATE_MS &&
    typeof value.milliseconds === 'number' &&
    (value.position === undefined || isCount('position')) &&
    (value.scheduledFor === undefined || typeof value.scheduledFor === 'string') &&
    typeof value.sqliteVersion === 'string' &&
    typeof value.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(value.sha256)
  )
}

function notABackup(operation: string, backup: string, why: string, cause?: unknown): PersistenceError {
  return new PersistenceError(
    'NOT_A_BACKUP',
    operation,
    `${operation} ${backup}: it is no backup of this family: ${why}; name a file that backup() wrote`,
    cause,
  )
}
