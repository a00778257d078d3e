import { invalidArgument } from '../../../arguments/invalid.js'
import { readArgument } from '../../../arguments/read-argument.js'

/**
 * Refuses an argument that is not a handle of the engine, before an adapter is made for it.
 *
 * @param methods The methods that the driver calls, and those that distinguish its handles from those of other engines.
 * @param wanted What to pass instead, for example `a Database of bun:sqlite`.
 * @throws PersistenceError `INVALID_ARGUMENT`.
 */
export function checkHandle(handle: unknown, methods: readonly string[], wanted: string): void {
  const got = readArgument(() => describeMismatch(handle, methods), 'constructor', 'the first argument')
  if (got !== undefined) throw invalidArgument('constructor', `the first argument must be ${wanted}, got ${got}`)
}

/** Returns what `value` is instead of a handle with these methods, or `undefined` for such a handle. */
function describeMismatch(value: unknown, methods: readonly string[]): string | undefined {
  const missing = methods.find((method) => !hasMethod(value, method))
  const fits = typeof value === 'object' && value !== null && missing === undefined
  return fits ? undefined : described(value, missing)
}

function described(value: unknown, missing: string | undefined): string {
  if (typeof value === 'string') return 'a string; to open a file use SQLiteAdapter.open(path)'
  if (typeof value === 'function') {
    return isClass(value)
      ? `the class ${value.name}; pass an instance of it, or use SQLiteAdapter.open(path)`
      : 'a function; pass the handle that it returns'
  }
  if (typeof value !== 'object' || value === null)
    return `${String(value)}; open a handle, or use SQLiteAdapter.open(path)`
  if (hasMethod(value, 'then')) return 'a promise; await it first'
  const { name } = value.constructor ?? {}
  const kind = name === undefined || name === 'Object' ? 'an object' : `an instance of ${name}`
  return `${kind} without a method ${missing}; another engine's handle needs that engine's package`
}

function hasMethod(value: unknown, method: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function'
}

/** Recognizes a class by its source text, or by the methods on its prototype, as native classes have no such text. */
function isClass(value: { prototype?: unknown }): boolean {
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true
  return typeof value.prototype === 'object' && Object.getOwnPropertyNames(value.prototype ?? {}).length > 1
}
