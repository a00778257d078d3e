import { spawn } from 'node:child_process'
import { endedChildrenSeconds } from './ended-children-seconds.mjs'
import { root } from './workspace.mjs'

/**
 * @typedef {object} ProcessOutcome
 * @property {number | null} exitCode null when a signal ended the process
 * @property {NodeJS.Signals | null} signal
 * @property {boolean} timedOut
 * @property {string} output stdout and stderr in the order they arrived
 * @property {number} seconds
 * @property {number | undefined} coreSeconds CPU time of it and its child processes. When two processes end at the same moment,
 *   one of them gets the time of both. Undefined on any system but Linux
 */

/** Core-seconds of the children that have ended so far. */
let counted = endedChildrenSeconds()

/** @type {Map<import('node:child_process').ChildProcess, { inherit: boolean }>} */
const running = new Map()
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    for (const child of running.keys()) child.kill(signal)
    // A child with our terminal ends by itself and may still print; its exit code is ours.
    if (![...running.values()].some(({ inherit }) => inherit)) process.exit(130)
  })
}
// A process that ends early ends its running children.
process.on('exit', () => {
  for (const child of running.keys()) child.kill()
})

/**
 * Runs a program until it ends.
 *
 * @param {string} command an explicit path
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, inherit?: boolean, limit?: number }} [options]
 *   `inherit` gives the child our terminal instead of capturing; `limit` (ms) kills it after that time
 * @returns {Promise<ProcessOutcome>} rejects only when the program cannot be started
 */
export function runProcess(command, args, { cwd = root, env = process.env, inherit = false, limit } = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(command, args, { cwd, env, stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'] })
    running.set(child, { inherit })
    let output = ''
    let timedOut = false
    const timer =
      limit === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            child.kill('SIGKILL')
          }, limit)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8')
      stream?.on('data', (text) => {
        output += text
      })
    }
    // 'exit' and not 'close': a grandchild that keeps the pipe open would delay 'close' forever.
    child.once('error', (error) => {
      clearTimeout(timer)
      running.delete(child)
      reject(new Error(`cannot start ${command}: ${error.message}`, { cause: error }))
    })
    child.once('exit', (exitCode, signal) => {
      clearTimeout(timer)
      running.delete(child)
      const coreSeconds = sinceLastEnd()
      // One turn, to read output that is already in the pipe.
      setTimeout(
        () =>
          resolve({ exitCode, signal, timedOut, output, seconds: (performance.now() - started) / 1000, coreSeconds }),
        20,
      )
    })
  })
}

/** The kernel adds the CPU time of a child to ours when the child has ended. */
function sinceLastEnd() {
  const now = endedChildrenSeconds()
  const since = now === undefined || counted === undefined ? undefined : now - counted
  counted = now
  return since
}
