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

/** Returns names and values of the headers that `writeHead` takes: as an object, a flat list, or a list of pairs. */
export function givenHeaders(headers: unknown): [name: string, value: unknown][] {
  return Array.isArray(headers) ? byName(pairs(headers)) : Object.entries(headers as object)
}

function pairs(flat: readonly unknown[]): [string, unknown][] {
  if (Array.isArray(flat[0])) return flat as [string, unknown][]
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), flat[at + 1]] as [string, unknown]] : []))
}

/** Groups the values of repeated names, such as cookies, because setting one value would replace the others. */
function byName(entries: readonly [string, unknown][]): [string, unknown][] {
  const all = new Map<string, [string, ...unknown[]]>()
  for (const [name, value] of entries) {
    const [first, ...others] = all.get(name.toLowerCase()) ?? [name]
    all.set(name.toLowerCase(), [first, ...others, value].flat() as [string, ...unknown[]])
  }
  return [...all.values()].map(([name, ...values]) => [name, values.length === 1 ? values[0] : values])
}
