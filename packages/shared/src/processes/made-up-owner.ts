import { hostname } from 'node:os'
import { HOST, isAlive } from './numbered-processes.js'

// Any other character in a host's name could end the owner, or the line that shows it.
const HOST_NAME =
  hostname()
    .replaceAll(/[^\w.-]/g, '-')
    .slice(0, 63) || 'host'

/**
 * What the owners that are made up for one connection begin with: `host:pid:random`. The random part begins with {@link HOST}.
 *
 * @param random Unlike that of every other connection. Letters, digits and hyphens.
 */
export function ownerPrefix(random: string): string {
  return `${HOST_NAME}:${process.pid}:${HOST}-${random}`
}

/** The owners that one connection makes up for its locks, claims and probes: `host:pid:random`. */
export class MadeUpOwners {
  readonly #prefix: string
  #count = 0

  /** @param random As that of {@link ownerPrefix}. */
  constructor(random: string) {
    this.#prefix = ownerPrefix(random)
  }

  /** Makes up an owner. No other connection of any process makes up the same. */
  next(): string {
    return `${this.#prefix}-${++this.#count}`
  }

  /** Whether {@link next} made up `owner`. */
  has(owner: string): boolean {
    return owner.startsWith(this.#prefix)
  }
}

/** The process that a made-up owner names. */
export interface OwnerProcess {
  readonly host: string
  readonly pid: number
  /**
   * Whether a process with this `pid` runs. Absent for another host or container, whose processes cannot be seen from here.
   * The system may have given the `pid` to a new process.
   */
  readonly alive?: boolean
}

const OWNER = /^([\w.-]+):(\d{1,10}):([0-9a-f]{8})-[0-9a-z-]+$/

/** The process that made `owner` up. @returns `undefined` for an owner that the app has named. */
export function ownerProcess(owner: string): OwnerProcess | undefined {
  const [, host, pid, numbers] = OWNER.exec(owner) ?? []
  if (host === undefined || pid === undefined) return undefined
  const process = { host, pid: Number(pid) }
  return numbers === HOST && host === HOST_NAME ? { ...process, alive: isAlive(process.pid) } : process
}
