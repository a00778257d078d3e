import { PersistenceError, type Row } from '@go-go-scope/persistence-core/dialect'

/**
 * The content of a cell, the same on both sides. A trailing `?` allows NULL. `json` is normalized. A `value` is JSON too, but
 * keeps its exact text.
 */
type Kind = 'text' | 'text?' | 'number' | 'number?' | 'json' | 'value' | 'state'

/** The columns in which both sides read and write one kind of rows, whatever their tables look like. */
export interface CopiedTable {
  readonly columns: Readonly<Record<string, Kind>>
  /** The order of pages: by the key, a text, or by a row number. A row number is not copied; each side has its own. */
  readonly order: 'text' | 'number'
}

export type TableKind = 'prefixes' | 'circuit' | 'idempotency' | 'checkpoints' | 'cache'

/**
 * The tables in the order in which they are copied. Locks and claims are not copied, because a store can only be moved when none
 * is held, and rows of released ones have no meaning. Their counters are copied.
 */
export const COPIED_TABLES: Readonly<Record<TableKind, CopiedTable>> = {
  prefixes: { order: 'text', columns: { prefix: 'text', idempotency: 'text', checkpoints: 'text' } },
  circuit: {
    order: 'text',
    columns: {
      key: 'text',
      state: 'text',
      failure_count: 'number',
      last_failure_time: 'number?',
      last_success_time: 'number?',
      updated_at: 'number',
      opened_at: 'number?',
      generation: 'number',
      isolated: 'number',
      successes: 'number',
      probes: 'json',
    },
  },
  idempotency: {
    order: 'text',
    columns: {
      key: 'text',
      value: 'text?',
      unstored: 'text?',
      expires_at: 'number?',
      fingerprint: 'text?',
      failure: 'text?',
      failure_expires_at: 'number?',
    },
  },
  checkpoints: {
    // In the order of insertion, which orders checkpoints with equal sequence numbers.
    order: 'number',
    columns: {
      id: 'text',
      task_id: 'text',
      sequence: 'number',
      timestamp: 'number',
      progress: 'number',
      data: 'text',
      estimated_time_remaining: 'number?',
    },
  },
  cache: { order: 'text', columns: { key: 'text', value: 'text', expires_at: 'number?' } },
}

const STATES: readonly string[] = ['closed', 'open', 'half-open']

export type Cell = string | number | null

/** Returns the cells of a row in the order of the columns. @throws PersistenceError `VALUE_UNREADABLE`. */
export function cellsOf({ columns }: CopiedTable, table: string, row: Row): Cell[] {
  return Object.entries(columns).map(([name, kind]) => {
    const cell = row[name] as Cell
    const problem = problemOf(cell, kind)
    if (problem === undefined) return kind === 'json' ? (plain(cell as string) ?? null) : cell
    const key = String(Object.values(row)[0]).slice(0, 100)
    throw new PersistenceError(
      'VALUE_UNREADABLE',
      'copy',
      `copy: the row ${JSON.stringify(key)} of ${table} has ${problem} in ${name}; correct or delete it, and run the copy again`,
    )
  })
}

function problemOf(cell: unknown, kind: Kind): string | undefined {
  if (cell === null || cell === undefined) return kind.endsWith('?') ? undefined : 'nothing'
  if (kind.startsWith('number')) return Number.isFinite(cell) ? undefined : `no number (${typeof cell})`
  if (typeof cell !== 'string') return `no text (${typeof cell})`
  // PostgreSQL cannot store it.
  if (cell.includes('\0')) return 'a NUL character'
  if (kind === 'state') return STATES.includes(cell) ? undefined : 'no state of a circuit'
  return (kind === 'json' || kind === 'value') && plain(cell) === undefined ? 'no JSON' : undefined
}

/** Normalizes JSON, because PostgreSQL writes it with spaces. */
function plain(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return undefined
  }
}
