/**
 * The pragmas of `SQLiteAdapter.open`, for the contestants that open the engine themselves: all of them then promise the
 * same about an awaited write.
 *
 * @param {'memory' | 'process' | 'power'} storage
 * @returns {string[]}
 */
export function tuning(storage) {
  if (storage === 'memory') return []
  return ['PRAGMA journal_mode = WAL', `PRAGMA synchronous = ${storage === 'power' ? 'FULL' : 'NORMAL'}`]
}

/** Lets a contestant fill its tables without a flush of the disk for every row. */
export const UNSAFE = 'PRAGMA synchronous = OFF'
