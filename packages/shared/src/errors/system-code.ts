import { constants } from 'node:os'

/** The code of a system's error, such as `ENOSPC`. Node has no word for a quota that is used up, and gives its number alone. */
export function systemCode({ code, errno }: NodeJS.ErrnoException): string | undefined {
  return errno === -constants.errno.EDQUOT ? 'EDQUOT' : code
}
