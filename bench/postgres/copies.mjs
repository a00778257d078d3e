import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { say } from '@go-go-scope/persistence-conformance/process'
import { copyDatabase } from '@go-go-scope/persistence-postgres/copy'
import { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'
import pg from 'pg'
import { valueAt } from '../trials/sample.mjs'
import { copyIn } from './copy-in.mjs'

/**
 * Measures rows per second from a file to a server and back: by the command `copy`, and by hand-written code that moves only the
 * rows, and neither resumes after a kill nor compares both sides. Argument: `{ url, schema, rows, runs }`; prints a list of runs
 * per contestant.
 */
const { url, schema, rows, runs } = JSON.parse(process.argv[2])
const MANY = 1_000
const HOUR_MS = 3_600_000

const folder = await mkdtemp(join(tmpdir(), 'bench-copies-'))
const client = new pg.Client({ connectionString: url })
await client.connect()
const byHand = `"${schema}_by_hand".cache`

const rates = {}
for (let run = 0; run < runs; run++) {
  // Each run has its own file, because a copy seals it.
  const file = join(folder, `${run}.db`)
  await fill(file)
  await emptied()
  await entered('COPY', () => copyByHand(file))
  await emptied()
  await entered('INSERT of 1,000', () => insertByHand(file))
  await entered('back by hand', () => backByHand(`${file}.by-hand`))
  await moved('copy', file, url)
  await moved('copy back', url, `${file}.back`)
}
await rm(folder, { recursive: true })
say(rates)
process.exit(0)

/** Records the rows per second that `work` moves. */
async function entered(name, work) {
  const began = performance.now()
  await work()
  enter(name, (rows * 1000) / (performance.now() - began))
}

function enter(name, rate) {
  rates[name] ??= []
  rates[name].push(rate)
}

/** The command: as a whole, and without its comparison. */
async function moved(name, from, to) {
  let copying = 0
  const progress = ({ phase, rowsPerSecond }) => {
    if (phase === 'copying') copying = rowsPerSecond
  }
  await entered(`${name}, with its comparison`, () => copyDatabase(from, to, { schema, progress }))
  enter(name, copying)
}

async function fill(file) {
  const adapter = await SQLiteAdapter.open(file)
  for (let from = 0; from < rows; from += MANY) {
    const entries = Array.from({ length: MANY }, (_, at) => [`row:${from + at}`, valueAt(from + at)])
    await adapter.setMany(entries, HOUR_MS)
  }
  await adapter.disconnect()
}

/** Makes the target of the command, and the target of the hand-written code, which has the same indexes. */
async function emptied() {
  for (const name of [schema, `${schema}_by_hand`]) await client.query(`DROP SCHEMA IF EXISTS "${name}" CASCADE`)
  await client.query(`CREATE SCHEMA "${schema}_by_hand"`)
  await client.query(
    `CREATE TABLE ${byHand} (key text COLLATE "C" PRIMARY KEY, value text NOT NULL, expires_at float8)`,
  )
  await client.query(`CREATE INDEX ON ${byHand} (expires_at) WHERE expires_at IS NOT NULL`)
}

function rowsOf(file) {
  const database = new DatabaseSync(file, { readOnly: true })
  const found = database.prepare('SELECT key, value, expires_at FROM go_goscope_cache ORDER BY key').all()
  database.close()
  return found
}

async function copyByHand(file) {
  const escaped = (text) => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n')
  const lines = rowsOf(file).map(({ key, value, expires_at }) => `${escaped(key)}\t${escaped(value)}\t${expires_at}\n`)
  const chunks = []
  for (let at = 0; at < lines.length; at += MANY) chunks.push(Buffer.from(lines.slice(at, at + MANY).join('')))
  await copyIn(client, `COPY ${byHand} FROM STDIN`, chunks)
}

async function insertByHand(file) {
  const found = rowsOf(file)
  const places = Array.from({ length: MANY }, (_, at) => `($${3 * at + 1}, $${3 * at + 2}, $${3 * at + 3})`)
  const text = `INSERT INTO ${byHand} (key, value, expires_at) VALUES ${places.join(', ')}`
  for (let at = 0; at < found.length; at += MANY) {
    const values = found.slice(at, at + MANY).flatMap(({ key, value, expires_at }) => [key, value, expires_at])
    await client.query({ name: 'insert many', text, values })
  }
}

/** Writes in one transaction to a file with our indexes. */
async function backByHand(file) {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
CREATE TABLE cache (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER, created_at INTEGER DEFAULT (unixepoch()));
CREATE INDEX expires ON cache (expires_at) WHERE expires_at IS NOT NULL; BEGIN`)
  const insert = database.prepare('INSERT INTO cache (key, value, expires_at) VALUES (?, ?, ?)')
  const { rows: found } = await client.query(`SELECT key, value, expires_at FROM ${byHand} ORDER BY key`)
  for (const { key, value, expires_at } of found) insert.run(key, value, expires_at)
  database.exec('COMMIT')
  database.close()
}
