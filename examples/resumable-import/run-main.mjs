import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const main = join(import.meta.dirname, 'main.mjs')

/**
 * Runs main.mjs in another process, on the runtime that the front end needs.
 *
 * @param {import('./arguments.mjs').Arguments['frontEnd']} frontEnd
 * @param {string[]} argv
 * @param {{ interrupted: AbortSignal, onEvent?: (event: import('./report/event.mjs').Event, child: import('node:child_process').ChildProcess) => void }} options
 *   without `onEvent` the process writes to our terminal; with it, `argv` must have --json
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} once it has ended
 */
export async function runMain(frontEnd, argv, { interrupted, onEvent }) {
  const output = onEvent === undefined ? 'inherit' : 'pipe'
  const child = spawn(runtimeOf(frontEnd), [main, ...argv], { stdio: ['ignore', output, 'inherit'] })
  const interrupt = () => child.kill('SIGINT')
  interrupted.addEventListener('abort', interrupt)
  if (child.stdout !== null) {
    createInterface(child.stdout).on('line', (line) => onEvent?.(JSON.parse(line), child))
  }
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      // 'close' comes after the last line of output.
      child.once('close', (code, signal) => resolve({ code, signal }))
    })
  } finally {
    interrupted.removeEventListener('abort', interrupt)
  }
}

/** @param {import('./arguments.mjs').Arguments['frontEnd']} frontEnd */
function runtimeOf(frontEnd) {
  if (frontEnd !== 'bun' || process.versions.bun !== undefined) return process.execPath
  // The workspace's own Bun, so that it need not be installed.
  return join(dirname(createRequire(import.meta.url).resolve('bun/package.json')), 'bin', 'bun.exe')
}
