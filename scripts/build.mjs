import { parseArgs } from 'node:util'
import { readCommandLine } from './command-line.mjs'
import { setUp } from './set-up.mjs'

readCommandLine(
  'npm run build                  installs the dependencies of the lockfile, bundles the packages and writes their types',
  (args) => parseArgs({ args }),
)
await setUp()
