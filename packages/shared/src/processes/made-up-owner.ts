import { hostname } from 'node:os'
import { HOST, isAlive } from './numbered-processes.js'

// What stands in a name of a host that is no such character would end it, or a line that it is shown in.
const HOST_NAME =
  hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 63) || 'host'

/**
 * Begins the names of owners that are made up for one connection: `host:pid:random`. The random part begins with
 * {@link HOST}.
 *
 * @param random Told apart by it from those of every other connection. Letters, digits and hyphens.
 */
export function ownerPrefix(random: string): string {
  return `${HOST_NAME}:${process.pid}:${HOST}-${random}`
}

/** The process that a made-up name of an owner tells of. */
export interface OwnerProcess {
  readonly host: string
  readonly pid: number
  /**
   * Whether a process of that number runs; absent where that cannot be told, because it is on another host or in another
   * container. A number may have been given anew.
   */
  readonly alive?: boolean
}

const OWNER = /^([\w.-]+):(\d{1,10}):([0-9a-f]{8})-[0-9a-z-]+$/

/** @returns `undefined` for a name that the app has given. */
export function ownerProcess(owner: string): OwnerProcess | undefined {
  const [, host, pid, numbers] = OWNER.exec(owner) ?? []
  if (host === undefined || pid === undefined) return undefined
  const process = { host, pid: Number(pid) }
  return numbers === HOST && host === HOST_NAME ? { ...process, alive: isAlive(process.pid) } : process
}
