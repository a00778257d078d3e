// A String of RFC 8941 with parameters, which are ignored; quotes and backslashes in it are escaped. The pattern is unambiguous,
// so a client cannot cause exponential backtracking.
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"(?:;(?:[^",]|"[^"]*")*)?$/
// Unquoted, as most clients send it. A comma would mean two headers.
const BARE = /^[!#-+\--~]+$/

const LONGEST = 255

/** Returns the key in an `Idempotency-Key` header; `undefined` if it has no key, more than one, or one that is too long. */
export function parseKey(header: string): string | undefined {
  const text = header.trim()
  const key = QUOTED.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? (BARE.test(text) ? text : '')
  return key !== '' && key.length <= LONGEST ? key : undefined
}
