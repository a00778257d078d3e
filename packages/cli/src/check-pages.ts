interface Handle {
  prepare(sql: string): { all(): unknown[]; finalize?(): void }
  exec(sql: string): void
  close(): void
}

type HandleClass = new (path: string, options: Record<string, boolean>) => Handle

/**
 * Runs SQLite's integrity check on every page of a file.
 *
 * @returns the problems found; empty if there are none.
 */
export async function checkPages(path: string): Promise<string[]> {
  const handle = await openHandle(path)
  try {
    const statement = handle.prepare('PRAGMA integrity_check')
    const rows = statement.all() as { integrity_check: string }[]
    // If a statement is still open, Bun runs a checkpoint when it closes the file, and writers wait meanwhile.
    statement.finalize?.()
    return rows.map(({ integrity_check }) => integrity_check).filter((line) => line !== 'ok')
  } catch (error) {
    // Some damage makes the check itself fail.
    if (error instanceof Error && error.message.includes('malformed')) return [error.message]
    throw error
  } finally {
    handle.close()
  }
}

/** Opens a file for reading, with the adapter's SQLite library, because two libraries on one file drop each other's locks. */
export async function openHandle(path: string): Promise<Handle> {
  if (process.versions.bun !== undefined) {
    const { Database } = (await import('bun:sqlite' as string)) as unknown as { Database: HandleClass }
    return new Database(path, { readonly: true })
  }
  const { DatabaseSync } = (await loadEngine()) as { DatabaseSync: HandleClass }
  return new DatabaseSync(path, { readOnly: true })
}

async function loadEngine(): Promise<unknown> {
  try {
    return await import('node:sqlite')
  } catch {
    // Node 20 has no node:sqlite. The adapter uses this package there.
    return import('@photostructure/sqlite' as string)
  }
}
