import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { tuning, UNSAFE } from './engines/tuning.mjs'
import { measureBatches, measureCalls } from './measure.mjs'

/**
 * Runs one contestant at one trial in its own process. An order is `<calls in flight> <ms>`; the answer is calls per second.
 */
const {
  engine: engineName,
  contestant,
  trial: trialName,
  storage,
  path,
  inFlight: levels,
} = JSON.parse(process.argv[2])
const { engine } = await import(`./engines/${engineName}.mjs`)
const { open } = await import(contestant)
const { trial } = await import(`./trials/${trialName}.mjs`)

const store = await open({ engine, path, storage })
// Our adapter shares commits and does not need this.
const hurry = storage !== 'memory' && store.pragma !== undefined
if (hurry) await store.pragma(UNSAFE)
await trial.fill?.(store)
await trial.check(store)
if (hurry) for (const pragma of tuning(storage)) await store.pragma(pragma)

const batched = contestant.endsWith('json-each.mjs') && trial.many !== undefined
const operation = batched ? trial.many(store) : trial.one(store)
// A durable write takes longer than reading the clock; a call in memory does not.
const checkEvery = storage === 'memory' ? 32 : 1
const measure = (inFlight, duration) =>
  batched ? measureBatches(operation, inFlight, duration) : measureCalls(operation, inFlight, duration, checkEvery)

// Warms up until the code is fully optimized, which takes some ten thousand calls; then each level once.
if (storage === 'memory') await measure(levels[0], 400)
for (const inFlight of levels) await measure(inFlight, 100)
await takeOrders(([inFlight, duration]) => measure(Number(inFlight), Number(duration)))
process.exit(0)
