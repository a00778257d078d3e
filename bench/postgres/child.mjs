import { takeOrders } from '@go-go-scope/persistence-conformance/process'
import { measureCalls } from '../measure.mjs'
import { trials } from './trials.mjs'

/** Runs one contestant at one trial on a server, in its own process; orders and answers are those of ../child.mjs. */
const { module, trial: name, inFlight: levels, place } = JSON.parse(process.argv[2])
const { open } = await import(module)
const trial = trials[name]

const store = await open(place)
await trial.fill?.(store)
await trial.check(store)
const operation = trial.one(store)
const measure = (inFlight, duration) => measureCalls(operation, inFlight, duration, 1)
await measure(levels[0], 400)
for (const inFlight of levels) await measure(inFlight, 100)
await takeOrders(([inFlight, duration]) => measure(Number(inFlight), Number(duration)))
process.exit(0)
