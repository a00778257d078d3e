import { runProcess } from './run-process.mjs'
import { setUp } from './set-up.mjs'

await setUp()
const args = process.argv.slice(2)
const script = args.includes('--profile') ? 'bench/profile.mjs' : 'bench/run.mjs'
const { exitCode } = await runProcess(process.execPath, [script, ...args], { inherit: true })
process.exitCode = exitCode ?? 1
