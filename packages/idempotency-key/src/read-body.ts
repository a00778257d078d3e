/**
 * Returns the bytes of a response's body. The response can still be read afterwards.
 *
 * @returns `null` for a body longer than `limit` bytes, for an event stream, which may never end, and for a body that breaks
 *   off or was read by the handler. The reader of the response itself gets that error.
 */
export async function readBody(response: Response, limit: number): Promise<Uint8Array | null> {
  if (response.bodyUsed || response.body?.locked === true) return null
  if (response.body === null) return new Uint8Array()
  if (isEventStream(response.headers)) return null
  const reader = response.clone().body?.getReader()
  const next = () => reader?.read().catch(() => null)
  const chunks: Uint8Array[] = []
  let length = 0
  for (let read = await next(); read?.done !== true; read = await next()) {
    if (!read) return null
    chunks.push(read.value)
    length += read.value.length
    if (length > limit) {
      // Not awaited, because the copy is cancelled only when the response itself has been read or cancelled too.
      void reader?.cancel()
      return null
    }
  }
  return Buffer.concat(chunks)
}

/** Whether the body is an event stream, which is sent as it is made. */
export function isEventStream(headers: Headers): boolean | undefined {
  return headers.get('content-type')?.startsWith('text/event-stream')
}
