import { hasCode, PersistenceError } from '../../../errors/persistence-error.js'
import { SchemaMissingError } from '../../../errors/schema-missing-error.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'
import { checkFollowed } from './followed-file.js'
import { checkObjects, fileLacks } from './foreign-objects.js'
import { KNOWN_OBJECTS, OWN_TABLES } from './known-objects.js'
import { MIGRATIONS, migrationSteps, SCHEMA_VERSION } from './migrations.js'
import { remakingSteps } from './remake.js'

const META_COLUMNS = "SELECT name FROM pragma_table_info('go_goscope_meta')"
const READ_VERSION = "SELECT value FROM go_goscope_meta WHERE key = 'schema_version'"

/**
 * Updates the schema of the file.
 *
 * @param create `false`: only check that it is current.
 * @throws PersistenceError `SCHEMA_NEWER`, `SCHEMA_MISSING`, `FOREIGN_TABLE`, `MOVED`; the schema is then unchanged.
 */
export async function migrate(queue: OperationQueue, create: boolean): Promise<void> {
  await checkFollowed(queue, create)
  await bringUpToDate(queue, create)
}

/** Like {@link migrate}, also for a file that is moved or a standby. */
export async function bringUpToDate(queue: OperationQueue, create: boolean): Promise<void> {
  for (let remade = false; ; ) {
    const { version, found } = await readSchema(queue)
    const absent = KNOWN_OBJECTS.filter(({ name }) => !found.has(name))
    const missing = absent.map(({ name }) => name)
    if (version === SCHEMA_VERSION) checkOwnTables(found)
    if (version === SCHEMA_VERSION && missing.length === 0) return
    if (!create) throw schemaMissing(version, missing, found.size === 0)
    if (version < SCHEMA_VERSION) await applyAfter(queue, version)
    else if (remade) throw notKept(missing.join(', '))
    else {
      await queue.atomic('connect', remakingSteps(absent))
      remade = true
    }
  }
}

/**
 * Reads which of our objects the file has. Writes nothing.
 *
 * @throws PersistenceError `SCHEMA_NEWER`, `FOREIGN_TABLE`.
 */
export async function readSchema(
  queue: OperationQueue,
): Promise<{ readonly version: number; readonly found: ReadonlySet<string> }> {
  for (;;) {
    const version = await readVersion(queue)
    if (version > SCHEMA_VERSION) {
      throw new PersistenceError(
        'SCHEMA_NEWER',
        'connect',
        `connect: the file has schema version ${version}, this release writes up to ${SCHEMA_VERSION}; update the package that opens it`,
      )
    }
    try {
      return { version, found: await checkObjects(queue, KNOWN_OBJECTS, version) }
    } catch (error) {
      // Another process may have migrated the file between the two reads.
      if ((await readVersion(queue)) === version) throw error
    }
  }
}

/** Tables that only we create cannot be recreated: their rows contained tokens and layouts that processes have relied on. */
function checkOwnTables(found: ReadonlySet<string>): void {
  const missing = OWN_TABLES.filter((table) => !found.has(table))
  if (missing.length > 0) throw fileLacks(missing.join(', '))
}

function schemaMissing(version: number, missing: readonly string[], empty: boolean): PersistenceError {
  const found =
    version === SCHEMA_VERSION
      ? `lacks ${missing.join(', ')}`
      : `has schema version ${version}, ${SCHEMA_VERSION} is needed`
  const migrations = MIGRATIONS.slice(version).map((migration) => `to version ${migration.version}: ${migration.title}`)
  return new SchemaMissingError(
    `connect: the file ${found}; connect once without createTables: false and with write access`,
    version,
    SCHEMA_VERSION,
    migrations.length > 0 ? migrations : missing.map((name) => `make ${name} again`),
    empty,
  )
}

/** Applies every migration after `version` in one transaction: one disk flush, and no visible intermediate state. */
async function applyAfter(queue: OperationQueue, version: number): Promise<void> {
  let failure: unknown
  try {
    await queue.atomic('connect', MIGRATIONS.slice(version).flatMap(migrationSteps))
  } catch (error) {
    if (!hasCode(error, 'CONSTRAINT')) throw error
    failure = error
  }
  // The version in the file decides, because another process may have been first.
  if ((await readVersion(queue)) > version) return
  throw failure ?? notKept(`any migration after ${version}`)
}

/** Prevents an endless loop with an engine that stores nothing. */
function notKept(what: string): PersistenceError {
  return new PersistenceError('SQL', 'connect', `connect: the engine did not keep ${what}`)
}

/** Returns the schema version; 0 for a file without tables of this family. */
async function readVersion(queue: OperationQueue): Promise<number> {
  const columns = (await queue.query('connect', META_COLUMNS)).map(({ name }) => name)
  if (columns.length === 0) return 0
  if (!columns.includes('key') || !columns.includes('value')) {
    throw new PersistenceError(
      'FOREIGN_TABLE',
      'connect',
      `connect: the table go_goscope_meta belongs to something else (columns ${columns.join(', ')}); use another file`,
    )
  }
  const version = Number((await queue.query('connect', READ_VERSION))[0]?.value ?? 0)
  if (Number.isSafeInteger(version) && version >= 0) return version
  throw new PersistenceError(
    'CORRUPT',
    'connect',
    'connect: schema_version in go_goscope_meta is not a whole number; restore the file from a backup',
  )
}
