import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accepts } from '../harness/accepts.mjs'
import { freePort, identity, newFolder, startServer } from '../postgres/server/start-server.mjs'

/**
 * @typedef {object} Service
 * @property {string} url
 * @property {string} direct leads to the server without a pooler
 * @property {() => Promise<void>} stop
 *
 * @typedef {{ start: () => Promise<Service> } | { missing: string }} Found `missing` says why there is none
 */

const SERVERS = '/usr/lib/postgresql'
const POOLER = '/usr/sbin/pgbouncer'

const NOT_INSTALLED = { missing: 'it is not installed' }

/** @returns {Found} a PostgreSQL of the system */
export function installedServer() {
  const versions = existsSync(SERVERS) ? readdirSync(SERVERS) : []
  const programs = versions
    .map((version) => join(SERVERS, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'postgres')))
  if (programs === undefined) return NOT_INSTALLED
  return { start: async () => serviceOf(await startServer({}, { programs })) }
}

/** @param {import('../postgres/server/start-server.mjs').Server} server @returns {Service} */
export function serviceOf({ url, stop }) {
  return { url, direct: url, stop }
}

/** @returns {Found} a pgbouncer of the system */
export function installedPooler() {
  return existsSync(POOLER) ? { start: startPooler } : NOT_INSTALLED
}

/**
 * Starts a server behind pgbouncer in transaction mode, with few connections.
 *
 * @returns {Promise<Service>}
 */
async function startPooler() {
  const server = await startServer()
  const folder = await newFolder()
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(
    file,
    `[databases]
postgres = host=127.0.0.1 port=${server.port} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
`,
  )
  const pooler = spawn(POOLER, ['--quiet', file], { ...identity, cwd: '/', stdio: 'ignore' })
  const url = new URL(server.url)
  url.port = String(port)
  while (!(await accepts(port))) {
    if (pooler.exitCode !== null || pooler.signalCode !== null) {
      await server.stop()
      throw new Error(`${POOLER} ended before it listened (${pooler.signalCode ?? pooler.exitCode})`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    url: url.href,
    direct: server.url,
    async stop() {
      const ended = once(pooler, 'exit')
      pooler.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
      await server.stop()
    },
  }
}
