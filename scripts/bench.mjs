import { readOptions } from '../bench/options.mjs'
import { runProcess } from './run-process.mjs'
import { setUp } from './set-up.mjs'

// Before the set-up, so that a wrong argument fails at once.
const { profile } = readOptions()
await setUp()
const script = profile ? 'bench/profile.mjs' : 'bench/run.mjs'
const { exitCode } = await runProcess(process.execPath, [script, ...process.argv.slice(2)], { inherit: true })
process.exitCode = exitCode ?? 1
