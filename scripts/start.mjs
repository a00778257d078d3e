import { readArguments, usage } from '../examples/resumable-import/arguments.mjs'
import { readCommandLine } from './command-line.mjs'
import { runProcess } from './run-process.mjs'
import { setUp } from './set-up.mjs'
import { typescriptArguments } from './typescript-arguments.mjs'

// Before the set-up, so that a wrong argument fails at once.
readCommandLine(usage, readArguments)
await setUp()
const { exitCode } = await runProcess(
  process.execPath,
  [...typescriptArguments(), 'examples/resumable-import/main.ts', ...process.argv.slice(2)],
  { inherit: true },
)
process.exitCode = exitCode ?? 1
