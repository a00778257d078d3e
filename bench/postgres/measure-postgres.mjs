import { join } from 'node:path'
import { LineProcess } from '@go-go-scope/persistence-conformance/process'
import pg from 'pg'
import { runtimes } from '../runtimes.mjs'
import { races, runServerRace } from './races.mjs'
import { benchServer } from './server.mjs'

/**
 * Starts a server and measures everything on it and with PGlite.
 *
 * @param {{ quick: boolean, runs: number | undefined, peers: boolean, wanted: (...words: string[]) => boolean,
 *   progress: (words: string[]) => void, save: (found: object) => void }} how `save` receives the results so far after each part
 */
export async function measurePostgres({ quick, runs, peers, wanted, progress, save }) {
  const named = [...Object.keys(races), 'rows', 'copy', 'waiter', 'pglite'].filter((name) => wanted('postgres', name))
  if (named.length === 0) return
  const server = await benchServer()
  const { url } = server
  const found = { server: await versionOf(url) }
  const enter = (part, value) => {
    found[part] = value
    save({ ...found })
  }
  try {
    for (const trial of Object.keys(races)) {
      if (!named.includes(trial)) continue
      progress(['postgres', trial])
      const effort = { runs: runs ?? (quick ? 7 : 15), duration: 150, peers }
      enter('races', { ...found.races, [trial]: await runServerRace(url, trial, effort) })
    }
    if (named.includes('rows')) {
      progress(['postgres', 'rows'])
      const sizes = [1_000, quick ? 100_000 : 1_000_000]
      const child = start('rows.mjs', { url, schema: 'bench_rows', sizes })
      const rows = {}
      for (const size of sizes) rows[size] = (await child.said()).microseconds
      await child.kill()
      enter('rows', rows)
    }
    if (named.includes('copy')) {
      progress(['postgres', 'copy'])
      const task = { url, schema: 'bench_copy', rows: quick ? 20_000 : 50_000, runs: quick ? 3 : 5 }
      enter('copy', { rows: task.rows, rates: await said('copies.mjs', task) })
    }
    if (named.includes('waiter')) {
      progress(['postgres', 'waiter'])
      enter('waiter', await said('waiter.mjs', { url, schema: 'bench_waiter', rounds: quick ? 20 : 60 }))
    }
    if (named.includes('pglite')) {
      progress(['postgres', 'pglite'])
      enter('pglite', await said('pglite.mjs', { runs: quick ? 3 : 7 }))
    }
  } finally {
    await server.stop()
  }
}

/** @param {string} script @param {object} task */
async function said(script, task) {
  const child = start(script, task)
  try {
    return await child.said()
  } finally {
    await child.kill()
  }
}

function start(script, task) {
  return new LineProcess({
    name: `${script} on PostgreSQL`,
    runtime: runtimes.node24,
    args: [join(import.meta.dirname, script), JSON.stringify(task)],
    stderr: 'inherit',
  })
}

async function versionOf(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query('SHOW server_version')
  await client.end()
  return rows[0].server_version
}
