import type { Row } from '../../../driver/driver.js'
import { hasCode } from '../../../errors/persistence-error.js'
import { canBePlain, type NameLayout, NameSpace, type Names } from '../../../keys/key-space.js'
import type { OperationQueue } from '../../../queue/operation-queue.js'

const READ = 'SELECT idempotency, checkpoints FROM go_goscope_prefixes WHERE prefix = ?1'

// A prefix is plain if none of its pairs could collide with a pair of an existing plain prefix: no plain idempotency prefix may
// start with another one, and bare checkpoint ids belong to the first prefix. substr counts characters, like length.
const REGISTER = `INSERT INTO go_goscope_prefixes (prefix, idempotency, checkpoints)
SELECT ?1,
  CASE WHEN ?2 AND NOT EXISTS (
    SELECT 1 FROM go_goscope_prefixes
    WHERE idempotency = 'plain'
      AND (substr(?1, 1, length(prefix)) = prefix OR substr(prefix, 1, length(?1)) = ?1)
  ) THEN 'plain' ELSE 'qualified' END,
  CASE WHEN NOT EXISTS (SELECT 1 FROM go_goscope_prefixes WHERE checkpoints = 'plain')
    THEN 'plain' ELSE 'qualified' END
WHERE true
ON CONFLICT (prefix) DO NOTHING`

/** Returns how the names of `prefix` are stored in this file, and records that at the first use of the prefix. */
export async function prefixNames(queue: OperationQueue, prefix: string, writable: boolean): Promise<Names> {
  const row = await read(queue, prefix)
  if (row !== undefined || !writable || !(await register(queue, prefix))) return namesOf(prefix, row)
  return namesOf(prefix, await read(queue, prefix))
}

async function read(queue: OperationQueue, prefix: string): Promise<Row | undefined> {
  return (await queue.query('connect', READ, [prefix]))[0]
}

/** @returns `false` when the handle turns out to be read-only. */
async function register(queue: OperationQueue, prefix: string): Promise<boolean> {
  try {
    await queue.atomic('connect', [{ sql: REGISTER, parameters: [prefix, canBePlain(prefix) ? 1 : 0] }])
    return true
  } catch (error) {
    if (hasCode(error, 'READ_ONLY')) return false
    throw error
  }
}

// A prefix that a read-only connection sees first has written nothing here, so it finds nothing of its own under either layout.
// The qualified layout keeps it from reading rows of another prefix.
function namesOf(prefix: string, row: Row | undefined): Names {
  return {
    idempotency: new NameSpace(prefix, (row?.idempotency ?? 'qualified') as NameLayout, prefix),
    checkpoint: new NameSpace(prefix, (row?.checkpoints ?? 'qualified') as NameLayout, ''),
  }
}
