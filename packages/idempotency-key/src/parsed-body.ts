import { invalidArgument } from '@go-go-scope/persistence-core/integration'

/** A request of Node whose framework may have parsed its body. */
export interface ParsedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body?: unknown
}

/**
 * Returns a parsed body in the form that is hashed.
 *
 * @throws PersistenceError `INVALID_ARGUMENT` if the body was not parsed, because all such bodies would have the same hash.
 */
export function parsedBody({ headers, body }: ParsedRequest): Uint8Array | string {
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  if (body === null) return ''
  if (body !== undefined) return JSON.stringify(body)
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  if (!hasBody) return ''
  throw invalidArgument(
    'idempotencyKey',
    'the body of the request is not parsed; put a parser such as express.json() before it, or pass the option fingerprint',
  )
}
