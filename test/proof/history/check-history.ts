/** One call, with the wall-clock ms at its start and its answer. */
export interface Event {
  kind: 'increment' | 'put' | 'acquire' | 'release'
  key: string
  start: number
  end: number
  /** The count, the token, or 1 for a put that found nothing; `null` for a refusal. */
  result: number | null
}

type Granted = Event & { result: number }

/**
 * Returns what no sequential order of the calls can explain. Counts and tokens are unique if the history is correct, so their
 * order is known without a search.
 */
export function violations(history: readonly Event[]): string[] {
  const found: string[] = []
  for (const [key, events] of byKey(history)) {
    const granted = events.filter((event): event is Granted => event.result !== null && event.kind !== 'release')
    if (key.startsWith('put')) found.push(...onceOnly(key, granted, events))
    else found.push(...unique(key, granted), ...inRealTime(key, granted))
    if (key.startsWith('increment')) found.push(...gapFree(key, granted))
    if (key.startsWith('acquire')) found.push(...exclusive(key, granted, events))
  }
  return found
}

function byKey(history: readonly Event[]): Map<string, Event[]> {
  const groups = new Map<string, Event[]>()
  for (const event of history) {
    const key = `${event.kind === 'release' ? 'acquire' : event.kind} ${event.key}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [event])
    else group.push(event)
  }
  return groups
}

function unique(key: string, granted: readonly Granted[]): string[] {
  const results = granted.map(({ result }) => result)
  return results.filter((result, at) => results.indexOf(result) !== at).map((result) => `${key}: ${result} given twice`)
}

function gapFree(key: string, granted: readonly Granted[]): string[] {
  const results = new Set(granted.map(({ result }) => result))
  return granted.flatMap((_, at) => (results.has(at + 1) ? [] : [`${key}: ${at + 1} never given`]))
}

/** A call that started after the answer of another one must come after it. */
function inRealTime(key: string, granted: readonly Granted[]): string[] {
  const byEnd = granted.toSorted((a, b) => a.end - b.end)
  let [answered, highest] = [0, 0]
  return granted
    .toSorted((a, b) => a.start - b.start)
    .flatMap(({ start, result }) => {
      for (; (byEnd[answered]?.end ?? Number.POSITIVE_INFINITY) < start; answered++) {
        highest = Math.max(highest, (byEnd[answered] as Granted).result)
      }
      return result > highest ? [] : [`${key}: ${result} given after ${highest}`]
    })
}

/** Exactly one put finds nothing, and no put that found something was answered before that one started. */
function onceOnly(key: string, granted: readonly Granted[], events: readonly Event[]): string[] {
  const [first] = granted
  if (first === undefined || granted.length > 1) return [`${key}: ${granted.length} found nothing`]
  return events.flatMap(({ end, result }) => (result === null && end < first.start ? [`${key}: found too early`] : []))
}

/** No lock is granted while another process certainly holds it. */
function exclusive(key: string, granted: readonly Granted[], events: readonly Event[]): string[] {
  const releases = new Map(events.flatMap((event) => (event.kind === 'release' ? [[event.result, event.start]] : [])))
  const byToken = granted.toSorted((a, b) => a.result - b.result)
  return byToken.flatMap(({ end }, at) => {
    const before = byToken[at - 1]
    const freed =
      before === undefined ? Number.NEGATIVE_INFINITY : (releases.get(before.result) ?? Number.POSITIVE_INFINITY)
    return end < freed ? [`${key}: held twice at ${end}`] : []
  })
}
