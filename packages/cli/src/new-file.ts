import type { TemporaryFile } from '@go-go-scope/persistence-core'
import { withFileErrors } from './file-errors.js'

/**
 * Makes a file that only its owner can read. It gets its name when it is complete, as backups do. The next copy, backup or export into
 * the folder removes what a killed process has left.
 *
 * @param operation The command, for messages.
 * @param fill Writes and flushes the content.
 * @throws PersistenceError `FILE_EXISTS`, and as {@link withFileErrors}.
 */
export function makeFile(
  path: string,
  operation: string,
  fill: (temporary: TemporaryFile) => Promise<void>,
): Promise<void> {
  return withFileErrors(operation, async () => {
    // Loaded here, because other commands do not need it.
    const { flushFolder, publish, refuseExisting, TemporaryFile } = await import('@go-go-scope/persistence-core')
    // Before `fill`, which may take long.
    await refuseExisting(path, operation)
    const temporary = await TemporaryFile.beside(path)
    try {
      await fill(temporary)
      await publish(temporary.path, path, operation)
      await flushFolder(path)
    } finally {
      await temporary.remove()
    }
  })
}
