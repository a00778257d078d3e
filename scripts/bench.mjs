import { runProcess } from './run-process.mjs'
import { setUp } from './set-up.mjs'

await setUp()
const { exitCode } = await runProcess(process.execPath, ['bench/run.mjs', ...process.argv.slice(2)], { inherit: true })
process.exitCode = exitCode ?? 1
