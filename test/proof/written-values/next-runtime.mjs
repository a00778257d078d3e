import { readFileSync } from 'node:fs'
import { difference, make, say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

// `<path> <samples>`: reads values that another process wrote, says where they differ from what is kept of the samples, and
// writes the values anew, for the next process.
const [path = '', samples = ''] = processArguments
const adapter = await engine.SQLiteAdapter.open(path)
/** @type {[source: string, difference: string][]} */
const differences = []
for (const { key, value, kept } of JSON.parse(readFileSync(samples, 'utf8'))) {
  const saved = await adapter.checkpoint.load(key)
  const found = difference(saved?.data, [make(kept)])
  if (saved === null || found !== undefined) differences.push([value, found ?? 'is not there'])
  else await adapter.checkpoint.save({ ...saved, data: [make(value)] })
}
await adapter.disconnect()
say(differences)
