import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LineProcess } from '@go-go-scope/persistence-conformance/process'
import { peerNames } from './plan.mjs'
import { raceInTurn } from './race-in-turn.mjs'
import { runtimes } from './runtimes.mjs'
import { workFolder } from './work-folder.mjs'

const bench = fileURLToPath(new URL('.', import.meta.url))
const child = join(bench, 'child.mjs')

/**
 * Runs the contestants interleaved, each in its own process.
 *
 * @param {import('./plan.mjs').Race} race
 * @param {{ runs: number, duration: number }} effort `duration` of one run in ms
 * @returns {Promise<Record<number, Record<string, number[]>>>} calls per second by calls in flight and contestant
 */
export async function runRace({ trial, cell, storage, contestants }, effort) {
  const folder = mkdtempSync(join(workFolder(), 'race-'))
  const racers = Object.entries(contestants).map(([name, inFlight]) => {
    const contestant = join(bench, peerNames.includes(name) ? 'peers' : 'contestants', `${name}.mjs`)
    const path = storage === 'memory' ? ':memory:' : join(folder, `${name}.db`)
    const task = { engine: cell.engine, contestant, trial, storage, path, inFlight }
    return {
      name,
      inFlight,
      process: new LineProcess({
        name: `${trial} by ${name} on ${cell.name}`,
        runtime: runtimes[cell.runtime],
        args: [child, JSON.stringify(task)],
        stderr: 'inherit',
      }),
    }
  })
  try {
    return await raceInTurn(racers, contestants.ours, effort)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
