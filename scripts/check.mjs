import { parseArgs } from 'node:util'
import { readCommandLine } from './command-line.mjs'
import './end-with-reader.mjs'
import { createPaint } from './paint.mjs'
import { runProcess } from './run-process.mjs'
import { runWithPnpm } from './run-with-pnpm.mjs'
import { setUp } from './set-up.mjs'
import { tools } from './workspace.mjs'

const node = process.execPath

/** @type {[name: string, run: () => Promise<import('./run-process.mjs').ProcessOutcome>][]} */
const steps = [
  [
    'lint and format',
    () => runProcess(node, [tools.biome, 'check', '.', '--error-on-warnings', '--max-diagnostics=200']),
  ],
  [
    'types',
    // Without its dependencies: setUp has built, and a second build would restore the stale files that setUp has removed.
    () => runWithPnpm([node, tools.turbo, 'run', 'typecheck', '--only', '--continue', '--output-logs=errors-only']),
  ],
  ['architecture', () => runProcess(node, [tools.vitest, 'run', 'test/architecture/'])],
  // Includes publint and attw, which read the packages as users install them.
  ['packages', () => runProcess(node, [tools.vitest, 'run', 'test/package/', '-t', 'the tarball of'])],
]

const { values } = readCommandLine(
  `npm run check                  checks format, lint, types, the rules of the architecture and the packages
npm run check -- --update      also draws the rooms of the core into ARCHITECTURE.md anew`,
  (args) => parseArgs({ args, options: { update: { type: 'boolean', default: false } } }),
)
if (values.update) process.env.UPDATE_DOCUMENTS = '1'
const paint = createPaint(process.stdout)
await setUp()
for (const [name, run] of steps) {
  const { exitCode, output, seconds } = await run()
  if (exitCode !== 0) {
    process.exitCode = 1
    console.log(`${output.trimEnd()}\n`)
  }
  console.log(`${exitCode === 0 ? paint('green', '✓') : paint('red', '✗')} ${name} (${seconds.toFixed(1)} s)`)
}
