/** Returns the headers of Node's response or Fastify's reply. */
export function headersOf(response: { getHeaders(): NodeHeaders }): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(response.getHeaders())) {
    // HTTP/2 has the status here, once the headers are sent.
    if (name[0] === ':') continue
    for (const value of [values ?? []].flat()) headers.append(name, String(value))
  }
  return headers
}

/** The result of Node's `getHeaders`. */
export type NodeHeaders = Readonly<Record<string, number | string | readonly string[] | undefined>>

/** Returns the headers that `writeHead` takes: as an object, a flat list, or a list of pairs. */
export function givenHeaders(headers: unknown): [name: string, value: string][] {
  if (!Array.isArray(headers)) return Object.entries(headers as object)
  return Array.isArray(headers[0]) ? headers : headers.flatMap((name, at) => (at % 2 ? [] : [[name, headers[at + 1]]]))
}
