import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runProcess } from './run-process.mjs'
import { pnpmVersion } from './workspace.mjs'

const quiet = {
  CI: 'true', // pnpm must never ask
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  npm_config_loglevel: undefined, // `npm run -s` would silence pnpm's account of a failure too
}

/**
 * Runs a command with our pinned pnpm on its PATH, fetched by npm on the first use and taken from npm's cache after.
 *
 * @param {readonly string[]} command
 * @param {{ inherit?: boolean, cwd?: string }} [options]
 * @returns {Promise<import('./run-process.mjs').ProcessOutcome>}
 */
export function runWithPnpm(command, options = {}) {
  const env = { ...process.env, ...quiet }
  return runProcess(process.execPath, [npmCli(), 'exec', '--yes', `--package=pnpm@${pnpmVersion}`, '--', ...command], {
    ...options,
    env,
  })
}

/** npm's JavaScript entry: the npm that runs us, else the one installed beside this Node. */
function npmCli() {
  const candidates = [
    process.env.npm_execpath,
    join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js'),
    join(dirname(process.execPath), '../share/nodejs/npm/bin/npm-cli.js'),
    join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js'),
  ]
  const found = candidates.find((path) => path !== undefined && /npm-cli\.c?js$/.test(path) && existsSync(path))
  if (!found) throw new Error('cannot find npm: run this through npm, for example `npm test`')
  return found
}
