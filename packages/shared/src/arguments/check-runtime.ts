import { PersistenceError } from '../errors/persistence-error.js'

/** @throws PersistenceError `ENGINE_UNSUPPORTED` on a runtime that lacks a feature used by every call: Node before version 20. */
export function checkRuntime(): void {
  if (typeof ''.isWellFormed === 'function') return
  throw new PersistenceError(
    'ENGINE_UNSUPPORTED',
    'constructor',
    `constructor: Node ${process.versions.node} is too old; use Node 20.17 or later, or Bun`,
  )
}
