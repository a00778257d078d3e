import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Identifies the host together with its PID namespace. Containers can share folders and, on the host's network, also the host
 * name, but each has its own process ids. A pid can be checked only if this value is equal.
 */
export const HOST: string = createHash('sha256').update(`${hostname()} ${processNumbers()}`).digest('hex').slice(0, 8)

/** Returns the identity of the PID namespace; Linux only. */
function processNumbers(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

/** Returns whether a process with that pid exists in this PID namespace. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process belongs to another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
