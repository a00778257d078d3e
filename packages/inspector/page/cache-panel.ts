import { ENTRIES } from '../src/cache-survey.js'
import { bytes } from '../src/format.js'
import type { CacheGroup, CacheSurvey, Part } from '../src/overview.js'
import { visible } from '../src/visible.js'
import { type Column, showBar, text, type View } from './columns.js'
import { count } from './format.js'
import type { ListOf } from './lists.js'

/** A group as an item of a list. */
export type CacheRow = Pick<CacheGroup, 'entries' | 'bytes' | 'startsWith'> & { readonly share: number }

const SIZE: Column<CacheRow> = {
  label: 'Size',
  show(cell, { bytes: size = 0, share = 0, key }) {
    showBar(cell, share, `Share of ${visible(key)} in what was looked at`, bytes(size))
  },
}

/** The cache by the start of its keys. */
export const CACHE: ListOf<CacheRow> = {
  title: 'Cache',
  none: 'The cache is empty.',
  keys: 'Keys that begin with',
  columns: [SIZE, text('Entries', 'figure', ({ entries }) => (entries === undefined ? '' : count(entries)))],
  // Without a common start, the keys of a group cannot be named.
  actions: ({ startsWith = '' }, prefix) =>
    startsWith === '' ? [] : [{ label: 'Clear', action: { do: 'clear', prefix, startsWith } }],
}

export function cacheRows({ groups }: CacheSurvey): Part<CacheRow> {
  const all = groups.reduce((sum, group) => sum + group.bytes, 0)
  const items = groups.map(({ prefix, startsWith, entries, bytes: size }) => ({
    ...{ prefix, key: startsWith || 'others', startsWith, entries, bytes: size },
    share: all === 0 ? 0 : (100 * size) / all,
  }))
  return { items, more: false }
}

/** Returns how old the figures are and what they leave out. */
export function cacheRemark({ at, partial, groups }: CacheSurvey, { now }: View): string {
  if (groups.length === 0) return ''
  const age = Math.max(0, Math.round((now - at) / 1_000))
  const part = partial ? ` There are more: of a prefix ${count(ENTRIES)} entries are looked at.` : ''
  return `As of ${age} s ago.${part} Choose a prefix to see entries.`
}
