import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runProcess } from './run-process.mjs'
import { pnpmVersion } from './workspace.mjs'

const quiet = {
  CI: 'true', // pnpm must never ask
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  npm_config_loglevel: undefined, // `npm run -s` would also silence pnpm's error messages
}

/**
 * Runs an npm command with the npm that runs this process.
 *
 * @param {readonly string[]} args
 * @param {{ cwd?: string }} [options]
 */
export function runNpm(args, options = {}) {
  return runProcess(process.execPath, [npmCli(), ...args], { ...options, env: { ...process.env, ...quiet } })
}

/**
 * Runs a command with our pinned pnpm on its PATH. npm fetches it at the first use and caches it.
 *
 * @param {readonly string[]} command
 * @param {{ cwd?: string }} [options]
 * @returns {Promise<import('./run-process.mjs').ProcessOutcome>}
 */
export function runWithPnpm(command, options = {}) {
  return runNpm(['exec', '--yes', `--package=pnpm@${pnpmVersion}`, '--', ...inShell(command)], options)
}

/**
 * On Windows, npm passes a program to the shell as it is, and Node is in `C:\Program Files`. Elsewhere npm quotes it.
 *
 * @param {readonly string[]} command
 * @param {string} [platform]
 */
export function inShell([program = '', ...args], platform = process.platform) {
  return [platform === 'win32' ? `"${program}"` : program, ...args]
}

/** Returns npm's JavaScript entry: of the npm that runs this process, else of the first on the PATH. */
function npmCli() {
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => [
    join(folder, 'npm'), // a link to the entry
    join(folder, 'node_modules/npm/bin/npm-cli.js'), // beside npm.cmd on Windows
  ])
  for (const path of [process.env.npm_execpath, ...onPath]) {
    if (path === undefined || !existsSync(path)) continue
    const entry = realpathSync(path)
    if (/npm-cli\.c?js$/.test(entry)) return entry
  }
  throw new Error('cannot find npm: run this through npm, for example `npm test`')
}
