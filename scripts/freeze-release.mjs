import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { rolldown } from 'rolldown'
import { readCommandLine, UsageError } from './command-line.mjs'
import { setUp } from './set-up.mjs'
import { root } from './workspace.mjs'

const { name } = readCommandLine(
  `node scripts/freeze-release.mjs --name NAME

Keeps an owner and a client of this release, as built now, in test/proof/releases/NAME.mjs; test/remote-clients tests them
against later releases. Run it before you change PROTOCOL in packages/shared/src/remote/wire/protocol.ts.`,
  (args) => {
    const { values } = parseArgs({ args, options: { name: { type: 'string' } } })
    if (values.name === undefined) throw new UsageError('--name is missing')
    return { name: values.name }
  },
)
await setUp()

const folder = join(root, 'test/proof/releases')
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
const origin = `// The packages as commit ${commit} built them, by \`node scripts/freeze-release.mjs --name ${name}\`. Not to be edited.\n`
const external = /^(node|bun):|^@photostructure\//
const bundle = await rolldown({ input: join(folder, 'entry.mjs'), external, platform: 'node' })
const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false })
writeFileSync(join(folder, `${name}.mjs`), origin + output[0].code)
