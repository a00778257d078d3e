import { join } from 'node:path'
import { LineProcess } from '@go-go-scope/persistence-conformance/process'
import { raceInTurn } from '../race-in-turn.mjs'
import { runtimes } from '../runtimes.mjs'
import { makePlace } from './places.mjs'

const here = import.meta.dirname
const BOTH = [1, 100]

/**
 * The contestants with the numbers of calls in flight at which each is measured, the connections of a pool, and the number of
 * our adapters.
 */
export const races = {
  'cache-get': { connections: 10, contestants: { ours: BOTH, prepared: [1], pool: [100], loader: [100], keyv: BOTH } },
  'cache-set': { connections: 10, contestants: { ours: BOTH, prepared: [1], pool: [100], loader: [100], keyv: BOTH } },
  lock: { connections: 16, contestants: { ours: BOTH, prepared: [1], pool: [100], loader: [100] } },
  'lock-apart': { connections: 16, adapters: 16, contestants: { ours: [16], counter: [16] } },
  'record-failure': { connections: 16, contestants: { ours: BOTH, prepared: [1], pool: [100] } },
  'checkpoint-save': { connections: 10, contestants: { ours: BOTH, langgraph: BOTH } },
  'checkpoint-load-latest': { connections: 10, contestants: { ours: BOTH, langgraph: BOTH } },
}

const PEERS = { keyv: 'keyv-postgres', langgraph: 'langgraph-postgres' }

/**
 * Runs the contestants interleaved, each in its own process and schema.
 *
 * @param {string} url of the server
 * @param {string} trial
 * @param {{ runs: number, duration: number, peers: boolean }} effort `duration` of one run in ms
 * @returns {Promise<Record<number, Record<string, number[]>>>} calls per second by calls in flight and contestant
 */
export async function runServerRace(url, trial, { peers, ...effort }) {
  const { connections, adapters = 1, contestants } = races[trial]
  const tasks = []
  for (const [name, inFlight] of Object.entries(contestants)) {
    const peer = PEERS[name]
    if (peer !== undefined && !peers) continue
    const schema = `bench_${trial.replaceAll('-', '_')}_${name}`
    const place = { url, schema, placed: await makePlace(url, schema), connections, adapters }
    const module = peer === undefined ? join(here, 'contestants', `${name}.mjs`) : join(here, '../peers', `${peer}.mjs`)
    tasks.push({ name, inFlight, task: { module, trial, inFlight, place } })
  }
  const racers = tasks.map(({ name, inFlight, task }) => ({
    name,
    inFlight,
    process: new LineProcess({
      name: `${trial} by ${name} on PostgreSQL`,
      runtime: runtimes.node24,
      args: [join(here, 'child.mjs'), JSON.stringify(task)],
      stderr: 'inherit',
    }),
  }))
  return raceInTurn(racers, contestants.ours, effort)
}
