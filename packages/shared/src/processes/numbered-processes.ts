import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Names the host together with what numbers its processes. Containers share folders, and on the network of their host also
 * its name, while each numbers its processes by itself: only under an equal name can a number be told to be alive.
 */
export const HOST: string = createHash('sha256').update(`${hostname()} ${processNumbers()}`).digest('hex').slice(0, 8)

/** What tells the numbers of these processes from those of other containers; Linux only. */
function processNumbers(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/** Whether there is a process of that number where this one runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it is another user's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
