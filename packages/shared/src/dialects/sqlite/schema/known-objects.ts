import { CIRCUIT_COLUMNS } from './circuit-columns.js'
import { CIRCUIT_COLUMNS_SINCE, MIGRATIONS } from './migrations.js'
import { CIRCUIT_TABLE, PUBLISHED_TABLES, type PublishedTable } from './published-tables.js'

/** A table, index or trigger with one of our names. */
export interface KnownObject {
  readonly type: string
  readonly name: string
  /** The table to which it belongs; for a table its own name. */
  readonly table: string
  /** The schema version that creates it; 0 for the published objects. */
  readonly since: number
  /** The columns of a table, each with the version that adds it. */
  readonly columns: ReadonlyMap<string, number>
  /** The SQL that creates it; not used for tables. */
  readonly create: string
}

const CREATE = /^CREATE (TABLE|INDEX|TRIGGER) (?:IF NOT EXISTS )?(\w+)(?:.*? ON "?(\w+))?/
const COLUMN = /^ {2}([a-z_][a-z0-9_]*) [A-Z]/gm

/** Returns a published table with its indexes, which 2.9 may have created. */
export function publishedObjects(table: PublishedTable): KnownObject[] {
  const added = table.name === CIRCUIT_TABLE.name ? CIRCUIT_COLUMNS : []
  const columns = new Map([
    ...columnsOf(table.create, 0),
    ...added.map((name) => [name, CIRCUIT_COLUMNS_SINCE] as const),
  ])
  return [
    { type: 'table', name: table.name, table: table.name, since: 0, columns, create: table.create },
    ...table.indexes.flatMap((sql) => createdBy(sql, 0)),
  ]
}

const META: KnownObject = {
  type: 'table',
  name: 'go_goscope_meta',
  table: 'go_goscope_meta',
  since: 0,
  columns: new Map([
    ['key', 0],
    ['value', 0],
  ]),
  create: '',
}

const MADE: readonly KnownObject[] = MIGRATIONS.flatMap(({ version, steps }) =>
  steps.flatMap((sql) => createdBy(sql, version)),
)

/** With the SQL of the last migration that creates each, for objects that were dropped. */
const PUBLISHED: readonly KnownObject[] = PUBLISHED_TABLES.flatMap(publishedObjects).map((object) => {
  return { ...object, create: MADE.findLast(({ name }) => name === object.name)?.create ?? object.create }
})

/** Objects that only migrations create, with the SQL of the last migration that creates each. */
const MIGRATED: readonly KnownObject[] = [
  ...MADE.filter(({ name }) => !PUBLISHED.some((published) => published.name === name))
    .reduce(
      (byName, object) => byName.set(object.name, { ...object, since: byName.get(object.name)?.since ?? object.since }),
      new Map<string, KnownObject>(),
    )
    .values(),
]

export const KNOWN_OBJECTS: readonly KnownObject[] = [META, ...PUBLISHED, ...MIGRATED]

/** The tables that migrations create in addition to the published ones. */
export const OWN_TABLES: readonly string[] = MIGRATED.filter(({ type }) => type === 'table').map(({ name }) => name)

function createdBy(sql: string, since: number): KnownObject[] {
  const [, type, name, table] = CREATE.exec(sql) ?? []
  if (type === undefined || name === undefined) return []
  const columns = new Map(type === 'TABLE' ? columnsOf(sql, since) : [])
  return [{ type: type.toLowerCase(), name, table: table ?? name, since, columns, create: sql }]
}

function columnsOf(createTable: string, since: number): (readonly [name: string, since: number])[] {
  return [...createTable.matchAll(COLUMN)].map(([, column = '']) => [column, since] as const)
}
