import { hostname } from 'node:os'
import { HOST, isAlive } from './numbered-processes.js'

// Any other character in a host name could end the owner, or the line that shows it.
const HOST_NAME =
  hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 63) || 'host'

/**
 * Returns the beginning of all owner names that one connection generates: `host:pid:random`. The random part begins with
 * {@link HOST}.
 *
 * @param random Unique to the connection. Letters, digits and hyphens.
 */
export function ownerPrefix(random: string): string {
  return `${HOST_NAME}:${process.pid}:${HOST}-${random}`
}

/** Generates the owner names of one connection for its locks, claims and probes: `host:pid:random`. */
export class GeneratedOwners {
  readonly #prefix: string
  #count = 0

  /** @param random See {@link ownerPrefix}. */
  constructor(random: string) {
    this.#prefix = ownerPrefix(random)
  }

  /** Generates an owner name. It is unique across all connections of all processes. */
  next(): string {
    return `${this.#prefix}-${++this.#count}`
  }
}

/** The process that a generated owner name identifies. */
export interface OwnerProcess {
  readonly host: string
  readonly pid: number
  /**
   * Whether a process with this `pid` is running. Absent for another host or container, whose processes are not visible here. The
   * operating system may have reused the `pid` for a new process.
   */
  readonly alive?: boolean
}

const OWNER = /^([\w.-]+):(\d{1,10}):([0-9a-f]{8})-[0-9a-z-]+$/

/** Returns the process that generated `owner`, or `undefined` for an owner that the app has named. */
export function ownerProcess(owner: string): OwnerProcess | undefined {
  const [, host, pid, numbers] = OWNER.exec(owner) ?? []
  if (host === undefined || pid === undefined) return undefined
  const process = { host, pid: Number(pid) }
  return numbers === HOST && host === HOST_NAME ? { ...process, alive: isAlive(process.pid) } : process
}
