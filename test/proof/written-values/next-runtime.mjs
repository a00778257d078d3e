import { readFileSync } from 'node:fs'
import { difference, make, say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

// `<path> <samples>`: reads values that another process wrote, says where they differ from what is kept of the samples, and
// writes the values anew, for the next process.
const [path = '', samples = ''] = processArguments
const adapter = await engine.SQLiteAdapter.open(path)
/** @type {[source: string, difference: string][]} */
const differences = []
for (const { id, sequence, value, kept } of JSON.parse(readFileSync(samples, 'utf8'))) {
  const found = difference((await adapter.checkpoint.load(id))?.data, [make(kept)])
  if (found !== undefined) differences.push([value, found])
  await adapter.checkpoint.save({ id, taskId: 't', sequence, timestamp: 1, progress: 0, data: [make(value)] })
}
await adapter.disconnect()
say(differences)
