import type { Inspection, Item, ListOptions } from '@go-go-scope/persistence-core/public'
import type { Lists, Part, Shown } from './overview.js'

// What is sent each second, and drawn, has an end; who looks for more names a prefix and how the keys begin.
const MOST = 500
const USUAL = 25
/** So many circuits are looked at for the open ones. */
const CIRCUITS = 1_000

/** Which part of the database is asked for. */
export interface Asked {
  /** `'*'` for all. */
  readonly prefix: string
  readonly startsWith: string
  /** Items of the list of that name. */
  readonly limit: (list: keyof Lists) => number
}

export function askedBy(query: URLSearchParams): Asked {
  return {
    prefix: query.get('prefix') ?? '*',
    startsWith: query.get('startsWith') ?? '',
    limit: (list) => Math.min(MOST, Math.max(1, Number.parseInt(query.get(list) ?? '', 10) || USUAL)),
  }
}

/** @throws PersistenceError `INVALID_ARGUMENT` for a `startsWith` over all prefixes. */
export async function readLists(inspection: Inspection, { prefix, startsWith, limit }: Asked): Promise<Lists> {
  const part = (list: keyof Lists): ListOptions => ({
    limit: limit(list) + 1,
    ...(startsWith !== '' && { startsWith }),
  })
  const [tasks, locks, circuits, claims, results, entries] = await Promise.all([
    partOf(inspection.tasks(part('tasks')), limit('tasks')),
    partOf(inspection.locks(part('locks')), limit('locks')),
    partOf(inspection.circuits({ ...part('circuits'), limit: CIRCUITS + 1 }), CIRCUITS),
    partOf(inspection.claims(part('claims')), limit('claims')),
    partOf(inspection.results(part('results')), limit('results')),
    prefix === '*' ? undefined : partOf(inspection.entries(part('entries')), limit('entries')),
  ])
  const shownFirst = circuits.items.toSorted((a, b) => urgency(a.state) - urgency(b.state))
  return {
    tasks,
    locks,
    circuits: {
      items: shownFirst.slice(0, limit('circuits')),
      more: circuits.more || shownFirst.length > limit('circuits'),
    },
    claims,
    results,
    ...(entries && { entries }),
  }
}

/** The first items of a list that was asked for one more. */
export async function partOf<Info extends object>(
  items: AsyncIterable<Item<Info>>,
  limit: number,
): Promise<Part<Info>> {
  const shown: Shown<Info>[] = []
  for await (const { cursor: _, unreadable, ...item } of items) {
    const problem = unreadable && { unreadable: `${unreadable.code}: ${unreadable.message}` }
    shown.push({ ...item, ...problem } as unknown as Shown<Info>)
  }
  return { items: shown.slice(0, limit), more: shown.length > limit }
}

const ORDER = ['open', 'half-open', undefined, 'closed']
const urgency = (state: string | undefined): number => ORDER.indexOf(state)
