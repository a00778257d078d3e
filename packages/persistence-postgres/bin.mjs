#!/usr/bin/env node
import { runCommand } from './dist/copy.js'

// A reader that leaves, as `head` does, does not stop the work half-way, and the exit code tells the outcome. If stdout cannot be
// written for another reason, such as a full disk, the result is missing: run again, the command prints it.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') return
  process.stderr.write(`stdout cannot be written (${error.message})\n`)
  process.exit(1)
})
// There is no other place to report it, and what it costs is progress.
process.stderr.on('error', () => undefined)

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
