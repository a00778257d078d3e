import { constants } from 'node:os'

/**
 * Returns the code of an error of the operating system, such as `ENOSPC`. Node has no code for an exceeded quota and gives only
 * its number.
 */
export function systemCode({ code, errno }: NodeJS.ErrnoException): string | undefined {
  return errno === -constants.errno.EDQUOT ? 'EDQUOT' : code
}
