import { types } from 'node:util'

/** Also recognizes errors of another realm, as Node's are for code that Jest or a `vm` context runs. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}
