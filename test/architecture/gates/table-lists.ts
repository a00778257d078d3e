import { KNOWN_OBJECTS } from '../../../packages/shared/src/dialects/sqlite/schema/known-objects.js'
import type { Gate } from './gate.js'
import { namesAll } from './named-list.js'

const tables = KNOWN_OBJECTS.filter(({ type }) => type === 'table').map(({ name }) => name)
const path = 'docs/schema.md'

/** Documents must list the tables of the schema. */
export const tableLists: readonly Gate[] = [
  namesAll('table', tables, { path, part: /^## Tables\n[\s\S]*?^## /m, named: (name) => [`\`${name}\``] }),
  namesAll(
    'table',
    tables,
    { path, part: /^## Removing everything\n[\s\S]*/m, named: (name) => [`DROP TABLE ${name};`] },
    `"Removing everything" of ${path}`,
  ),
]
