// A String of RFC 8941 with parameters, which mean nothing here; a quote and a backslash in it are escaped. No text fits in two
// ways: a client could make the search among them take for ever.
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"(?:;(?:[^",]|"[^"]*")*)?$/
// As most clients send it. A comma would be that of two headers.
const BARE = /^[!#-+\--~]+$/

const LONGEST = 255

/** The key in an `Idempotency-Key` header; `undefined` when the header holds no key, more than one, or one too long. */
export function parseKey(header: string): string | undefined {
  const text = header.trim()
  const key = QUOTED.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? (BARE.test(text) ? text : '')
  return key !== '' && key.length <= LONGEST ? key : undefined
}
