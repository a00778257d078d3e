import { openSync, writeSync } from 'node:fs'
import { engineArgument } from './engine-argument.js'

// Arguments: engine, path, acknowledgements, first number, writes in flight.
const [, , , path = '', acknowledgements = '', first, inFlight] = process.argv
const engine = await engineArgument()
const adapter = await engine.SQLiteAdapter.open(path)
// Written by the call itself, so that what is in the file was acknowledged before the kill.
const log = openSync(acknowledgements, 'a')
const acknowledge = (line: string): number => writeSync(log, `${line}\n`)

async function write(number: number): Promise<void> {
  switch (number % 4) {
    case 0:
      await adapter.cache.set(`k${number}`, { number })
      break
    case 1:
      await adapter.idempotency.set(`k${number}`, [undefined, number])
      break
    case 2:
      await adapter.checkpoint.save({
        id: `k${number}`,
        taskId: 'task',
        sequence: number,
        timestamp: 1,
        progress: 0,
        data: { number },
      })
      break
    default:
      await adapter.recordFailure('api', 1_000_000)
  }
  acknowledge(String(number))
}

for (let number = Number(first); ; number += Number(inFlight)) {
  await Promise.all(Array.from({ length: Number(inFlight) }, (_, offset) => write(number + offset)))
}
