/** A response as it is stored. */
export interface KeptResponse {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Text where the bytes are UTF-8; `null` for a body that was not kept. */
  readonly body: string | Uint8Array | null
}

/** A response that has been made. */
export interface MadeResponse {
  readonly status: number
  readonly headers: Headers
  /** `null` for one that cannot be kept. */
  readonly body: Uint8Array | string | null
}

/**
 * Fields of one connection, which another one must not be told, and cookies, which may log somebody in. The length is
 * found anew.
 */
const NOT_KEPT = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'set-cookie', 'date', 'content-length'],
])

// A response with these has no body, and `Response` refuses one, an empty one too.
const WITHOUT_BODY = new Set([204, 205, 304])

export function keptOf({ status, headers, body }: MadeResponse): KeptResponse {
  return {
    status,
    headers: [...headers].filter(([name]) => !NOT_KEPT.has(name)),
    body: body === null ? null : storableBody(body),
  }
}

/** The response again, marked as a repetition. Its body must have been kept. */
export function replayOf({ status, headers, body }: KeptResponse): Response {
  const replayed = new Headers(headers.map(([name, value]): [string, string] => [name, value]))
  replayed.set('idempotency-replayed', 'true')
  const content = WITHOUT_BODY.has(status) ? null : typeof body === 'string' ? body : new Uint8Array(body ?? [])
  // Given text, `Response` adds a content type.
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return new Response(bytes, { status, headers: replayed })
}

/** Text where it can be, which is shorter and can be read in the database. */
function storableBody(body: Uint8Array | string): string | Uint8Array {
  const text = typeof body === 'string' ? body : textOf(body)
  // PGlite drops a mark at the beginning of a text.
  if (text?.startsWith('\u{feff}')) return new TextEncoder().encode(text)
  return text ?? (body as Uint8Array)
}

/** `undefined` for bytes that are not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
