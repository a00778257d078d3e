import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { tuning, UNSAFE } from './engines/tuning.mjs'
import { measureBatches, measureCalls } from './measure.mjs'

/**
 * One contestant at one trial, in a process of its own. An order is `<calls in flight> <ms>`; the answer is
 * calls a second.
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
// Ours shares commits and needs no such thing.
const hurry = storage !== 'memory' && store.pragma !== undefined
if (hurry) await store.pragma(UNSAFE)
await trial.fill?.(store)
await trial.check(store)
if (hurry) for (const pragma of tuning(storage)) await store.pragma(pragma)

const batched = contestant.endsWith('json-each.mjs') && trial.many !== undefined
const operation = batched ? trial.many(store) : trial.one(store)
// A durable write takes longer than a look at the clock; a call in memory does not.
const checkEvery = storage === 'memory' ? 32 : 1
const measure = (inFlight, duration) =>
  batched ? measureBatches(operation, inFlight, duration) : measureCalls(operation, inFlight, duration, checkEvery)

// Until the code is compiled as well as it will be, which takes some ten thousand calls; then each level once.
if (storage === 'memory') await measure(levels[0], 400)
for (const inFlight of levels) await measure(inFlight, 100)
await takeOrders(([inFlight, duration]) => measure(Number(inFlight), Number(duration)))
process.exit(0)
