import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { readArguments, UsageError, usage } from './arguments.mjs'
import { demonstrate } from './demonstration.mjs'
import { runImport } from './import-job.mjs'
import { interruption } from './interruption.mjs'
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
  const interrupted = interruption()
  if (options.frontEnd === 'bun' && process.versions.bun === undefined) {
    return (await runMain('bun', argv, { interrupted })).code ?? 1
  }
  const report = createReport(process.stdout, { json: options.json, resumeCommand: resumeCommand() })
  const demo = options.demo || (argv.length === 0 && !existsSync(options.file))
  return (demo ? demonstrate : runImport)(options, { report, interrupted })
}

/** This command again, without what would start from nothing. */
function resumeCommand() {
  const rest = argv.filter((argument) => argument !== '--fresh' && argument !== '--demo')
  if (process.env.npm_lifecycle_event === 'start')
    return ['npm start', ...(rest.length > 0 ? ['--', ...rest] : [])].join(' ')
  return ['node', relative(process.cwd(), process.argv[1] ?? 'main.mjs'), ...rest].join(' ')
}
