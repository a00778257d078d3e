import type { Inspection, Item, ListOptions } from '@go-go-scope/persistence-core/public'
import type { Lists, Part, Shown } from './overview.js'

/** The most items of a list. Limits what is sent and drawn each second. To find others, a user filters by prefix and key. */
export const MOST = 500
const USUAL = 25
/** The number of circuits that are searched for open ones. */
const CIRCUITS = 1_000

/** The requested part of the database. */
export interface Asked {
  /** `'*'` for all. */
  readonly prefix: string
  readonly startsWith: string
  /** Returns the maximum number of items in that list. */
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
      read: shownFirst.length,
      open: shownFirst.filter(({ state }) => state === 'open').length,
      complete: !circuits.more,
    },
    claims,
    results,
    ...(entries && { entries }),
  }
}

/** Returns the first items of a list that was read with one item more than the limit. */
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
