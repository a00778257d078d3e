import { PersistenceError, type SchemaMissingError } from '@go-go-scope/persistence-core/public'
import { NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'

/** The exit codes of the process. */
export const EXIT = {
  ok: 0,
  /** `verify` or `doctor` found a problem, `export` could not read an item, or an item is not as the command names it. */
  found: 1,
  usage: 2,
  cannotOpen: 3,
  busy: 4,
  /** The schema or an export is from a later release. */
  schemaNewer: 5,
  /** Any other error. */
  failed: 6,
  /** Tables are missing or older than this program. `scopedb <db> migrate` fixes that. */
  schemaOlder: 7,
} as const

/** The error for a wrong command line, or for a file that it names. */
export class UsageError extends Error {}

/** The error for an export from a later release. */
export class NewerFormatError extends Error {}

/** The error for tables that are older than this program. */
export class SchemaOlderError extends Error {
  declare readonly cause: SchemaMissingError

  constructor(database: string, cause: SchemaMissingError) {
    super(`${database} ${cause.empty ? notOurs(database) : older(database, cause)}`, { cause })
  }
}

const notOurs = (database: string): string =>
  'has no tables of go-go-scope persistence, so there is nothing to look at; nothing was changed. Is it the database that ' +
  `you mean? scopedb ${database} migrate would make the tables in it`

/** Returns the message for older tables. They are not read, because this release's statements need its own schema. */
function older(database: string, { version, needed, steps }: SchemaMissingError): string {
  const what =
    version === needed ? `lacks what this program needs: ${steps.join(', ')}` : `has schema version ${version}`
  return (
    `${what}, and this program reads and writes version ${needed}; nothing was changed. ` +
    `scopedb ${database} migrate --dry-run names the steps, scopedb ${database} migrate takes them. To look without a ` +
    `change to this database: scopedb ${database} migrate --into COPY, then scopedb COPY`
  )
}

const OF_CODE: Readonly<Record<string, number>> = {
  BUSY: EXIT.busy,
  FILE_IN_USE: EXIT.busy,
  SCHEMA_NEWER: EXIT.schemaNewer,
  CANNOT_OPEN: EXIT.cannotOpen,
  MOVED: EXIT.cannotOpen,
  ENGINE_MISSING: EXIT.cannotOpen,
  ENGINE_UNSUPPORTED: EXIT.cannotOpen,
  NOT_A_DATABASE: EXIT.cannotOpen,
  UNAVAILABLE: EXIT.cannotOpen,
  READ_ONLY: EXIT.cannotOpen,
  FILE_EXISTS: EXIT.usage,
  INVALID_ARGUMENT: EXIT.usage,
  INVALID_KEY: EXIT.usage,
  INVALID_OPTION: EXIT.usage,
}

/** Advice for a package that this program does not find: by `npx` alone it runs from a folder outside of the project. */
export const INSTALL_BESIDE =
  'npx finds the packages of your project only if the project has this program too: npm install @go-go-scope/cli'

/** Returns the exit code and the message for an error. */
export function exitCodeOf(error: unknown): { code: number; message: string } {
  if (error instanceof PersistenceError) {
    const hint = error.code === 'ENGINE_MISSING' ? `. ${INSTALL_BESIDE}` : ''
    // Names the option as it is named here.
    const message = error.message.replace('immutable: true', '--immutable')
    return { code: OF_CODE[error.code] ?? EXIT.failed, message: `${error.code}: ${message}${hint}` }
  }
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof NewerFormatError) return { code: EXIT.schemaNewer, message }
  if (error instanceof SchemaOlderError) return { code: EXIT.schemaOlder, message }
  if (error instanceof NotAsNamedError) return { code: EXIT.found, message }
  return { code: error instanceof UsageError ? EXIT.usage : EXIT.failed, message }
}
