import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'
import { kinds, levelsOf } from './kinds.mjs'

// Reads each kind of deep value from a file in a process that has decoded nothing yet: `<path> <kind>`.
const [path = '', kind = ''] = processArguments
const adapter = await engine.SQLiteAdapter.open(path)
const failure = kinds[kind] === undefined ? [`no kind ${kind}`] : []
const levels = levelsOf(kind, (await adapter.checkpoint.load(kind))?.data)
await adapter.disconnect()
say({ levels, failure })
