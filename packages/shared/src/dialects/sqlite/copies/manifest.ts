import { readFile } from 'node:fs/promises'
import { PersistenceError } from '../../../errors/persistence-error.js'

const FORMAT = 'go-goscope-backup/1'

/** What is known of a backup. It stands as JSON beside it, in a file of its name and `.json`. */
export interface BackupManifest {
  readonly bytes: number
  readonly pages: number
  /** Of the file, in hexadecimal digits. */
  readonly sha256: string
  /** Of the SQLite library that made it. */
  readonly sqliteVersion: string
  /** Of the tables of this family; 0 for a file of go-go-scope 2.9. */
  readonly schemaVersion: number
  /** Epoch ms. What was committed before is in the backup. */
  readonly startedAt: number
  /** How long it took, with its verification. */
  readonly milliseconds: number
  /** The last change in it, as `standby.position` counts; absent where nobody followed the database. */
  readonly position?: number
  /** The path, from the folder of the backup, of the database whose schedule made it, and may delete it again. */
  readonly scheduledFor?: string
}

export function manifestPath(backup: string): string {
  return `${backup}.json`
}

export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`
}

/** @throws PersistenceError `NOT_A_BACKUP` when there is none that can be read. */
export async function readManifest(backup: string, operation: string): Promise<BackupManifest> {
  const path = manifestPath(backup)
  let text: string
  try {
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
    // What it is not is all that the caller needs to know.
    return undefined
  }
}

function isManifest(value: Record<string, unknown>): value is Record<string, unknown> & BackupManifest {
  const isCount = (name: keyof BackupManifest): boolean => Number.isSafeInteger(value[name]) && Number(value[name]) >= 0
  return (
    (['bytes', 'pages', 'schemaVersion', 'startedAt'] as const).every(isCount) &&
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
