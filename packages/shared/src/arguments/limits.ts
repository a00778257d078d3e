import { PersistenceError } from '../errors/persistence-error.js'
import { shown, typeName } from './invalid.js'

const UTF8_BYTES_PER_UNIT = 3

/** Returns whether `text` has more UTF-8 bytes than `limit`. Counts them only if the length of the string does not decide. */
export function exceedsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return true
  return text.length * UTF8_BYTES_PER_UNIT > limit && Buffer.byteLength(text) > limit
}

/**
 * Refuses keys that an engine would silently change: one engine cuts a text at NUL, and all replace a lone surrogate by U+FFFD.
 * Distinct keys would then share one row.
 *
 * @throws PersistenceError `INVALID_KEY`.
 */
export function checkKey(key: string, maxBytes: number, operation: string, name = 'key'): void {
  if (typeof key !== 'string') {
    throw invalidKey(operation, `${name} must be a string, got ${typeName(key)}`)
  }
  if (key.length === 0) throw invalidKey(operation, `${name} must not be empty`)
  checkText(key, operation, name)
  if (exceedsBytes(key, maxBytes)) {
    const bytes = Buffer.byteLength(key)
    throw invalidKey(
      operation,
      `${name} ${shown(key)} has ${bytes} bytes, the limit is ${maxBytes}; hash long keys or raise maxKeyLength`,
    )
  }
}

/** The part of {@link checkKey} that also applies to prefixes. */
export function checkText(text: string, operation: string, name: string): void {
  const problem = unbindable(text)
  if (problem !== undefined) throw invalidKey(operation, `${name} ${shown(text)} ${problem}`)
}

/** Returns why engines do not bind `text` unchanged, and the remedy; `undefined` for a text that all engines bind unchanged. */
export function unbindable(text: string): string | undefined {
  if (text.includes('\0')) return 'contains a NUL character, which engines cut text at; remove or encode it'
  if (text.isWellFormed()) return undefined
  return 'contains a lone surrogate, which UTF-8 cannot hold; call toWellFormed() or encode it'
}

function invalidKey(operation: string, problem: string): PersistenceError {
  return new PersistenceError('INVALID_KEY', operation, `${operation}: ${problem}`)
}
