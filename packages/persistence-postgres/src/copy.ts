export { type Output, runCommand } from './copy/command.js'
export { type CopyDatabaseOptions, type CopyResult, copyDatabase, unsealDatabase } from './copy/copy-database.js'
export type { TableFingerprint } from './copy/fingerprint.js'
export type { CopyProgress } from './copy/pace.js'
