import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bench = fileURLToPath(new URL('.', import.meta.url))

/**
 * The runtimes, by explicit path: `node` on the PATH may be another version.
 *
 * @type {Record<string, string>}
 */
export const runtimes = {
  node20: join(bench, 'node_modules/node20/bin/node'),
  node24: join(bench, 'node_modules/node24/bin/node'),
  bun: join(bench, 'node_modules/bun/bin/bun.exe'),
  // better-sqlite3 is built for the Node that installs the peers.
  host: process.execPath,
}
