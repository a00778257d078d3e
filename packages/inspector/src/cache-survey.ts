import type { Inspection } from '@go-go-scope/persistence-core/public'
import type { Inspectable } from './options.js'
import type { CacheGroup, CacheSurvey } from './overview.js'

const PREFIXES = 20
/** The number of entries read per prefix, so that a survey has a bounded cost. */
export const ENTRIES = 2_000
const GROUPS = 30

/** Counts entries and bytes by the start of their keys. @param at Epoch ms. */
export async function surveyCache(persistence: Inspectable, at: number): Promise<CacheSurvey> {
  const groups: CacheGroup[] = []
  let [prefixes, partial] = [0, false]
  for await (const { prefix } of persistence.inspect().prefixes({ limit: PREFIXES + 1 })) {
    if (++prefixes > PREFIXES) {
      partial = true
      break
    }
    const surveyed = await surveyPrefix(persistence.inspect({ prefix }), prefix)
    groups.push(...surveyed.groups)
    partial ||= surveyed.partial
  }
  groups.sort((a, b) => b.bytes - a.bytes)
  return { groups: groups.slice(0, GROUPS), partial: partial || groups.length > GROUPS, at }
}

async function surveyPrefix(inspection: Inspection, prefix: string): Promise<Pick<CacheSurvey, 'groups' | 'partial'>> {
  const found = new Map<string, { entries: number; bytes: number }>()
  let seen = 0
  for await (const { key, bytes = 0, prefix: of } of inspection.entries({ limit: ENTRIES + 1 })) {
    if (++seen > ENTRIES) break
    // The prefix `*` stands for all.
    if (of !== prefix) continue
    const [startsWith = ''] = /^[^:/]*[:/]/.exec(key) ?? []
    const group = found.get(startsWith) ?? { entries: 0, bytes: 0 }
    found.set(startsWith, { entries: group.entries + 1, bytes: group.bytes + bytes })
  }
  const groups = [...found].map(([startsWith, sums]) => ({ prefix, startsWith, ...sums }))
  return { groups, partial: seen > ENTRIES }
}
