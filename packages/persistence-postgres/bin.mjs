#!/usr/bin/env node
import { runCommand } from './dist/copy.js'

// A reader that leaves, as `head` does, and a full disk cost lines of the output. They do not stop the work half-way, and the
// exit code tells the outcome.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
