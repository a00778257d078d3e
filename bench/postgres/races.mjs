import { join } from 'node:path'
import { LineProcess } from '@go-go-scope/persistence-conformance/process'
import { runtimes } from '../runtimes.mjs'
import { makePlace } from './places.mjs'

const here = import.meta.dirname
const BOTH = [1, 100]

/** Contestants with the numbers of calls in flight that each is measured at, and how many connections a pool has. */
export const races = {
  'cache-get': { connections: 10, contestants: { ours: BOTH, prepared: [1], pool: [100], keyv: BOTH } },
  'cache-set': { connections: 10, contestants: { ours: BOTH, prepared: [1], pool: [100], keyv: BOTH } },
  lock: { connections: 16, contestants: { ours: BOTH, prepared: [1], pool: [100] } },
  'record-failure': { connections: 16, contestants: { ours: BOTH, prepared: [1], pool: [100] } },
  'checkpoint-save': { connections: 10, contestants: { ours: BOTH, langgraph: BOTH } },
  'checkpoint-load-latest': { connections: 10, contestants: { ours: BOTH, langgraph: BOTH } },
}

const PEERS = { keyv: 'keyv-postgres', langgraph: 'langgraph-postgres' }

/**
 * Lets the contestants run in turn, as ../race.mjs does.
 *
 * @param {string} url of the server
 * @param {string} trial
 * @param {{ runs: number, duration: number, peers: boolean }} effort `duration` of one run in ms
 * @returns {Promise<Record<number, Record<string, number[]>>>} calls a second by calls in flight and contestant
 */
export async function runServerRace(url, trial, { runs, duration, peers }) {
  const { connections, contestants } = races[trial]
  const racers = []
  try {
    for (const [name, inFlight] of Object.entries(contestants)) {
      const peer = PEERS[name]
      if (peer !== undefined && !peers) continue
      const schema = `bench_${trial.replaceAll('-', '_')}_${name}`
      const place = { url, schema, placed: await makePlace(url, schema), connections }
      const module =
        peer === undefined ? join(here, 'contestants', `${name}.mjs`) : join(here, '../peers', `${peer}.mjs`)
      const task = { module, trial, inFlight, place }
      const process = new LineProcess({
        name: `${trial} by ${name} on PostgreSQL`,
        runtime: runtimes.node24,
        args: [join(here, 'child.mjs'), JSON.stringify(task)],
        stderr: 'inherit',
      })
      racers.push({ name, inFlight, process })
    }
    for (const { process } of racers) await process.ready()
    const rates = {}
    for (const inFlight of contestants.ours) {
      const present = racers.filter((racer) => racer.inFlight.includes(inFlight))
      rates[inFlight] = Object.fromEntries(present.map(({ name }) => [name, []]))
      for (let run = 0; run < runs; run++) {
        for (const { name, process } of present)
          rates[inFlight][name].push(await process.ask(`${inFlight} ${duration}`))
      }
    }
    return rates
  } finally {
    await Promise.all(racers.map(({ process }) => process.kill()))
  }
}
