import { existsSync } from 'node:fs'
import { readArguments, UsageError, usage } from './arguments.mjs'
import { demonstrate } from './demonstration.mjs'
import { runImport } from './import-job.mjs'
import { interruption } from './interruption.mjs'
import { ownCommand } from './own-command.mjs'
import { createReport } from './report/create-report.mjs'
import { runMain } from './run-main.mjs'

const argv = process.argv.slice(2)
try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${usage}`)
  process.exitCode = 2
}

async function main() {
  const options = readArguments(argv)
  if (options.help) {
    console.log(usage)
    return 0
  }
  const { signal: interrupted, isUnread, exitCode } = interruption()
  if (options.frontEnd === 'bun' && process.versions.bun === undefined) {
    return (await runMain('bun', argv, { interrupted })).code ?? 1
  }
  const report = createReport(process.stdout, { json: options.json, resumeCommand: ownCommand() })
  const demo = options.demo || (argv.length === 0 && !existsSync(options.file))
  try {
    return exitCode(await (demo ? demonstrate : runImport)(options, { report, interrupted }))
  } catch (error) {
    if (isUnread()) return exitCode(1)
    if (interrupted.aborted) console.error(`Stopped: ${/** @type {Error} */ (error).message}`)
    else console.error(error)
    if (!options.json) console.error(`What was imported is kept. To go on: ${ownCommand()}`)
    return interrupted.aborted ? 130 : 1
  }
}
