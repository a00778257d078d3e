export { type Output, runCommand } from './copy/command.js'
export { type CopyDatabaseOptions, type CopyResult, copyDatabase, unsealDatabase } from './copy/copy-database.js'
export {
  type CopiedTablesOf29,
  type CopyTablesOf29Options,
  copyTablesOf29,
} from './copy/copy-tables-of-2-9.js'
export type { TableFingerprint } from './copy/fingerprint.js'
export type { CopyProgress } from './copy/progress.js'
export type { TablesOf29Options } from './copy/tables-of-2-9.js'
