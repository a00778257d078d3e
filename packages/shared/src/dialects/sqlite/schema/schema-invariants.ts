import { type Invariant, invariant } from '../../../inspect/invariants-sql.js'
import { LOG_TRIGGER_PREFIX } from './change-log.js'
import { KNOWN_OBJECTS, OWN_TABLES } from './known-objects.js'
import { MOVED_TRIGGER_PREFIX } from './moved-file.js'
import { PUBLISHED_TABLES } from './published-tables.js'

const names = (all: readonly string[]): string => all.map((name) => `'${name.toLowerCase()}'`).join(', ')

const TABLES = names(KNOWN_OBJECTS.filter(({ type }) => type === 'table').map(({ name }) => name))
/** Tables whose changed rows a standby finds by the log; tables with one row are compared completely. */
const LOGGED = names([...PUBLISHED_TABLES.map(({ name }) => name), ...OWN_TABLES, 'go_goscope_meta'])

/** Checks that connecting does not make: it checks only objects with our names. */
export const SCHEMA_INVARIANTS: readonly Invariant[] = [
  invariant(
    'schema',
    'it is on a table of ours and not ours: what it does to writes is not known; drop it, or use another file',
    `SELECT type || ' ' || name AS name FROM sqlite_master
WHERE (type = 'trigger' OR (type = 'index' AND sql LIKE 'CREATE UNIQUE%')) AND lower(tbl_name) IN (${TABLES})
  AND lower(name) NOT IN (${names(KNOWN_OBJECTS.map(({ name }) => name))})
  AND name NOT GLOB '${LOG_TRIGGER_PREFIX}*' AND name NOT GLOB '${MOVED_TRIGGER_PREFIX}*'`,
  ),
  invariant(
    'schema',
    'the file is followed and this table is not logged whole: a standby misses changes; follow anew',
    `SELECT tables.name FROM sqlite_master AS tables
WHERE tables.type = 'table' AND lower(tables.name) IN (${LOGGED}) AND tables.sql NOT LIKE '%CHECK (id = 1)%'
  AND EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'go_goscope_changes')
  AND 4 > (
    SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name IN (
      SELECT '${LOG_TRIGGER_PREFIX}' || value || '_' || tables.name
      FROM json_each('["inserted", "updated", "rekeyed", "deleted"]')
    )
  )`,
  ),
]
