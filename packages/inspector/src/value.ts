import { inspect } from 'node:util'
import type { Inspection } from '@go-go-scope/persistence-core/public'
import { firstMembers } from './first-members.js'
import type { Inspectable, Settings } from './options.js'
import { errorResponse, jsonResponse } from './responses.js'

/** Longer texts are cut to this length. */
const CHARACTERS = 20_000
/** As many as fill such a text: each takes two characters or more. */
const MEMBERS = CHARACTERS / 2
const LISTED = 1_000
const DEPTH = 10
const RESULTS = 10_000

/** Reads one value if that is allowed. @param query `of`, `prefix` and `key`. */
export async function readValue(
  persistence: Inspectable,
  { values }: Settings,
  query: URLSearchParams,
): Promise<Response> {
  if (!values) return errorResponse('values are not shown here; the option values of inspector() would allow it')
  const key = query.get('key') ?? ''
  const inspection = persistence.inspect({ prefix: query.get('prefix') ?? '' })
  for await (const item of itemsFrom(inspection, query.get('of'), key)) {
    if (item.key !== key) continue
    if (item.unreadable !== undefined) return jsonResponse({ text: item.unreadable.message })
    return jsonResponse({ text: asText('latest' in item ? item.latest?.data : item.value) })
  }
  return errorResponse('it is not there any more', 404)
}

function itemsFrom(inspection: Inspection, of: string | null, key: string) {
  // A key sorts before all longer keys that begin with it.
  const first = { startsWith: key, limit: 1, values: true } as const
  // But a kept failure comes after all results.
  if (of === 'results') return inspection.results({ ...first, limit: RESULTS })
  return of === 'tasks' ? inspection.tasks(first) : inspection.entries(first)
}

/**
 * Formats a value like a console, which can show everything that can be stored, including circular references. `inspect` has limits
 * for arrays and texts, but formats all keys of all objects, during which the server does nothing else.
 */
function asText(value: unknown): string {
  const first = firstMembers(value, MEMBERS, LISTED, DEPTH)
  const text = inspect(first.partial ? first.value : value, {
    depth: DEPTH,
    maxArrayLength: LISTED,
    maxStringLength: CHARACTERS,
    breakLength: 80,
  })
  return first.partial || text.length > CHARACTERS ? `${text.slice(0, CHARACTERS)}…` : text
}
