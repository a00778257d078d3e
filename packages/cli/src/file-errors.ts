/**
 * Runs `work` on files that the command line names, such as an export.
 *
 * @param operation The command, for messages.
 * @throws PersistenceError for an error of the file system, with the code and the advice that backups have. Others stay as they are.
 */
export async function withFileErrors<Result>(operation: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    // Loaded here, because other commands do not need it.
    const { isSystemError, typedError } = await import('@go-go-scope/persistence-core')
    throw isSystemError(error) ? typedError(error, operation) : error
  }
}
