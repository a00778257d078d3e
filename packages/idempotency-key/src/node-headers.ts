/** The headers of a response of Node, or of Fastify's reply. */
export function headersOf(response: { getHeaders(): NodeHeaders }): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(response.getHeaders())) {
    for (const value of [values ?? []].flat()) headers.append(name, String(value))
  }
  return headers
}

/** What `getHeaders` of Node gives. */
export type NodeHeaders = Readonly<Record<string, number | string | readonly string[] | undefined>>
