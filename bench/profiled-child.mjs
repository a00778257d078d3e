import { measureCalls } from './measure.mjs'

/** The work of a profiled process: our adapter at one trial, in memory. Arguments: engine, trial, calls in flight. */
const { engine: engineName, trial: trialName, inFlight, duration } = JSON.parse(process.argv[2])
const { engine } = await import(`./engines/${engineName}.mjs`)
const { open } = await import('./contestants/ours.mjs')
const { trial } = await import(`./trials/${trialName}.mjs`)

const store = await open({ engine, path: ':memory:', storage: 'memory' })
await trial.fill?.(store)
const operation = trial.one(store)
console.log(Math.round(await measureCalls(operation, inFlight, duration, 32)))
// Node and Bun write the profile when the process exits.
process.exit(0)
