import { isUtf8 } from 'node:buffer'

/** A response as it is stored. */
export interface KeptResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Text if the bytes are UTF-8; `null` for a body that was not kept. */
  readonly body: string | Uint8Array | null
}

/** A response of a handler. */
export interface MadeResponse {
  readonly status: number
  readonly headers: Headers
  /** `null` for a body that cannot be kept. */
  readonly body: Uint8Array | string | null
}

/**
 * Headers that are not stored: those that belong to one connection, cookies, which may contain a session, and the length, which
 * is computed again.
 */
const NOT_KEPT = [
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'set-cookie', 'date', 'content-length'],
]

// With these statuses `Response` refuses a body, even an empty one.
const WITHOUT_BODY = [204, 205, 304]

export function keptOf({ status, headers, body }: MadeResponse): KeptResponse {
  return {
    status,
    headers: [...headers].filter(([name]) => !NOT_KEPT.includes(name)),
    body: body === null ? null : storableBody(body),
  }
}

/** Returns the stored response, marked as replayed. Its body must have been kept. */
export function replayOf({ status, headers, body }: KeptResponse): Response {
  const replayed = new Headers(headers.map(([name, value]): [string, string] => [name, value]))
  replayed.set('idempotency-replayed', 'true')
  // Bytes, because `Response` adds a content type to text.
  return new Response(WITHOUT_BODY.includes(status) ? null : Buffer.from(body as string), { status, headers: replayed })
}

/** Returns text if possible, which is shorter and readable in the database. */
function storableBody(body: Uint8Array | string): string | Uint8Array {
  const bytes = Buffer.from(body as string)
  const text = bytes.toString()
  // PGlite drops a byte order mark at the start of a text.
  return isUtf8(bytes) && !text.startsWith('\u{feff}') ? text : bytes
}
