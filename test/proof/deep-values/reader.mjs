import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'
import { kinds, levelsOf } from './kinds.mjs'

// `<path> <kind>...`: reads kinds of deep values from a file, the first one before the process has decoded any other value.
const [path = '', ...wanted] = processArguments
const adapter = await engine.SQLiteAdapter.open(path)
const seen = []
for (const kind of wanted) {
  if (kinds[kind] === undefined) throw new Error(`no kind ${kind}`)
  seen.push([kind, levelsOf(kind, (await adapter.checkpoint.load(kind))?.data)])
}
await adapter.disconnect()
say(seen)
