import { types } from 'node:util'

/**
 * Handles what code of the app has returned where no promise is expected: the rejection of a promise would otherwise be reported
 * as unhandled, which ends the process.
 *
 * @param failed Receives the rejection. Default: nobody, for a caller that receives an error about the promise itself.
 * @returns whether it is a promise.
 */
export function catchRejection(returned: unknown, failed: (error: unknown) => void = () => undefined): boolean {
  if (!types.isPromise(returned)) return false
  returned.catch(failed)
  return true
}
