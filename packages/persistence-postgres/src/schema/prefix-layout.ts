import {
  canBePlain,
  type NameLayout,
  NameSpace,
  type Names,
  type OperationQueue,
  type Row,
} from '@go-go-scope/persistence-core/dialect'
import { quoted } from '../sql/quoted.js'
import { oneAtATime } from './migrations.js'

/** Returns how the names of `prefix` are stored in this schema. The first use of a prefix decides it. */
export async function prefixNames(
  queue: OperationQueue,
  schema: string,
  prefix: string,
  writable: boolean,
): Promise<Names> {
  const table = `${quoted(schema)}.prefixes`
  const read = async (): Promise<Row | undefined> =>
    (await queue.query('connect', `SELECT idempotency, checkpoints FROM ${table} WHERE prefix = $1::text`, [prefix]))[0]
  const known = await read()
  if (known !== undefined || !writable) return namesOf(prefix, known)
  const register = { sql: registering(table), parameters: [prefix, canBePlain(prefix) ? 1 : 0] }
  await oneAtATime(queue, [register])
  return namesOf(prefix, await read())
}

// A prefix is stored plain if its names cannot collide with those of an earlier plain prefix. For idempotency neither prefix may
// be the start of the other. Only one prefix, the first, has bare checkpoint ids.
function registering(table: string): string {
  return `INSERT INTO ${table} (prefix, idempotency, checkpoints)
SELECT $1::text,
  CASE WHEN $2::int = 1 AND NOT EXISTS (
    SELECT 1 FROM ${table} AS other
    WHERE other.idempotency = 'plain' AND (starts_with($1::text, other.prefix) OR starts_with(other.prefix, $1::text))
  ) THEN 'plain' ELSE 'qualified' END,
  CASE WHEN NOT EXISTS (SELECT 1 FROM ${table} AS other WHERE other.checkpoints = 'plain')
    THEN 'plain' ELSE 'qualified' END
ON CONFLICT (prefix) DO NOTHING`
}

// When a read-only connection is the first to use a prefix, the prefix has no rows, so either layout finds none. `qualified`
// keeps it from reading rows of another prefix.
function namesOf(prefix: string, row: Row | undefined): Names {
  return {
    idempotency: new NameSpace(prefix, (row?.idempotency ?? 'qualified') as NameLayout, prefix),
    checkpoint: new NameSpace(prefix, (row?.checkpoints ?? 'qualified') as NameLayout, ''),
  }
}
