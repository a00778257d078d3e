interface Handle {
  prepare(sql: string): { all(): unknown[]; finalize?(): void }
  exec(sql: string): void
  close(): void
}

type HandleClass = new (path: string, options: Record<string, boolean>) => Handle

/**
 * Has the engine check every page of a file.
 *
 * @returns what it found wrong; empty where nothing is.
 */
export async function checkPages(path: string): Promise<string[]> {
  const handle = await openHandle(path)
  try {
    const statement = handle.prepare('PRAGMA integrity_check')
    const rows = statement.all() as { integrity_check: string }[]
    // With a statement that is open, Bun moves the log into the file as it closes, and writers wait meanwhile.
    statement.finalize?.()
    return rows.map(({ integrity_check }) => integrity_check).filter((line) => line !== 'ok')
  } catch (error) {
    // Of some damage the check itself comes to an end.
    if (error instanceof Error && error.message.includes('malformed')) return [error.message]
    throw error
  } finally {
    handle.close()
  }
}

/** For reading. By the same library as the adapter's: two on one file lose each other's locks. */
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
    // Node 20 has none; the front end opened the file with this one.
    return import('@photostructure/sqlite' as string)
  }
}
