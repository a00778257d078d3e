/** Returns the headers of Node's response or Fastify's reply. */
export function headersOf(response: { getHeaders(): NodeHeaders }): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(response.getHeaders())) {
    for (const value of [values ?? []].flat()) headers.append(name, String(value))
  }
  return headers
}

/** The result of Node's `getHeaders`. */
export type NodeHeaders = Readonly<Record<string, number | string | readonly string[] | undefined>>
