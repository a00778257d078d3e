/**
 * The pragmas of `SQLiteAdapter.open`, for the contestants that open the engine themselves, so that all of them
 * give the same durability to an awaited write.
 *
 * @param {'memory' | 'process' | 'power'} storage
 * @returns {string[]}
 */
export function tuning(storage) {
  if (storage === 'memory') return []
  return ['PRAGMA journal_mode = WAL', `PRAGMA synchronous = ${storage === 'power' ? 'FULL' : 'NORMAL'}`]
}

/** Lets a contestant fill its tables without a flush per row. */
export const UNSAFE = 'PRAGMA synchronous = OFF'
