// exit-midway.mjs <engine> <path>: ends by process.exit while calls are in flight.
import { writeSync } from 'node:fs'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [path = ''] = processArguments
const adapter = await engine.SQLiteAdapter.open(path)
let acknowledged = 0
for (let number = 1; ; number++) {
  const write = adapter.cache.set(`k${number}`, number)
  if (number === 25) {
    for (let more = 0; more < 50; more++) void adapter.recordFailure('api', 5)
    setImmediate(() => {
      writeSync(1, `${acknowledged}\n`)
      process.exit(0)
    })
  }
  await write
  acknowledged = number
}
