import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** @returns {number[]} the cores that this process may use; empty on any system but Linux */
export function allowedCores() {
  const status = '/proc/self/status'
  if (!existsSync(status)) return []
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(status, 'utf8')) ?? []
  return parseCores(list)
}

/**
 * @param {string} list as Linux writes it, for example `0-2,5`
 * @returns {number[]}
 */
export function parseCores(list) {
  if (list === '') return []
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
}

/**
 * Pins this process with all of its threads to some cores. Later threads inherit the cores of the thread that starts them.
 *
 * @param {readonly number[]} cores
 * @returns {boolean} whether the operating system did it
 */
export function keepTo(cores) {
  // The short options are those that BusyBox has too.
  const args = ['-acp', cores.join(','), String(process.pid)]
  return cores.length > 0 && spawnSync('taskset', args).status === 0
}

/** @returns {number[]} the cores to which {@link keepTo} can pin a process; empty where it cannot */
export function coresToKeepTo() {
  const cores = allowedCores()
  return keepTo(cores) ? cores : []
}

/** Assigns each run the core that the fewest other runs have. */
export class CoreSharing {
  /** @type {Map<number, number>} core → number of runs that have it */
  #runs

  /** @param {readonly number[]} cores */
  constructor(cores) {
    this.#runs = new Map(cores.map((core) => [core, 0]))
  }

  /** @returns {number | undefined} undefined without cores to assign */
  take() {
    const [least] = [...this.#runs].sort(([, a], [, b]) => a - b)
    if (least === undefined) return undefined
    this.#runs.set(least[0], least[1] + 1)
    return least[0]
  }

  /** @param {number | undefined} core that `take` gave */
  give(core) {
    if (core !== undefined) this.#runs.set(core, (this.#runs.get(core) ?? 0) - 1)
  }
}
