import { existsSync } from 'node:fs'
import { readCommandLine } from '../../scripts/command-line.mjs'
import { createPaint } from '../../scripts/paint.mjs'
import { readArguments, usage } from './arguments.mjs'
import { provideServer } from './database/embedded-server.ts'
import { demonstrate } from './demonstration.ts'
import { runImport } from './import-job.ts'
import { interruption } from './interruption.ts'
import { ownCommand } from './own-command.ts'
import { createReport } from './report/create-report.ts'
import type { Report } from './report/event.ts'
import { runMain } from './run-main.ts'

const argv = process.argv.slice(2)
const options = readCommandLine(usage, readArguments)
process.exitCode = await main()

async function main(): Promise<number> {
  const { signal: interrupted, isUnread, exitCode } = interruption()
  if (options.frontEnd === 'bun' && process.versions.bun === undefined) {
    return (await runMain('bun', argv, { interrupted })).code ?? 1
  }
  const demo = options.demo || (argv.length === 0 && !existsSync(options.file))
  const goOn = demo
    ? `The demonstration ends here. To import the rest without it: ${ownCommand()}`
    : `To go on from there: ${ownCommand()}`
  const print = createReport(process.stdout, options)
  let kept = false
  let endServer = async () => {}
  const report: Report = (event) => {
    kept ||= event.type === 'progress' || event.type === 'resuming'
    print(event)
  }
  try {
    endServer = await provideServer(options.frontEnd)
    const code = await (demo ? demonstrate : runImport)(options, { report, interrupted })
    if (code === 130 && !options.json) print({ type: 'note', text: goOn })
    return exitCode(code)
  } catch (error) {
    if (isUnread()) return exitCode(1)
    console.error(describeFailure(error, interrupted))
    if (kept && !options.json) console.error(`What was imported is kept. ${goOn}`)
    return interrupted.aborted ? 130 : 1
  } finally {
    await endServer()
  }
}

/** Returns one line for an expected error, and the stack for any other. */
function describeFailure(error: unknown, interrupted: AbortSignal): unknown {
  const { name, message, code } = error as Error & { code?: string }
  if (interrupted.aborted) return `Stopped: ${message}`
  return name === 'PersistenceError' ? createPaint(process.stderr)('red', `${code}: ${message}`) : error
}
