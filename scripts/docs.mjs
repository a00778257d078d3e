import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readCommandLine } from './command-line.mjs'
import { runProcess } from './run-process.mjs'
import { runWithPnpm } from './run-with-pnpm.mjs'
import { setUp } from './set-up.mjs'
import { root } from './workspace.mjs'

const site = join(root, 'site')
const node = process.execPath

readCommandLine(
  `npm run docs     builds the site of the documents, with the API from the types, into site/dist

A link that leads nowhere is an error. \`npx vitepress preview\` in the folder site shows it.`,
  (args) => parseArgs({ args, options: {} }),
)
await setUp()
await install()
rmSync(join(site, 'api'), { recursive: true, force: true })
// Through the entries, as the other tools.
await step('API from the types', () =>
  runProcess(node, ['node_modules/typedoc/bin/typedoc', '--options', 'typedoc.config.mjs'], { cwd: site }),
)
await step('Site', () => runProcess(node, ['node_modules/vitepress/bin/vitepress.js', 'build'], { cwd: site }))
console.log('The site is in site/dist.')

/** Installs the tools of the site by their own lockfile: who only builds and tests does not pay for them. */
async function install() {
  const stampFile = join(site, 'node_modules/.set-up-stamp')
  const stamp = process.version + readFileSync(join(site, 'pnpm-lock.yaml'), 'utf8')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  await step('Tools of the site', () => runWithPnpm(['pnpm', 'install', '--frozen-lockfile'], { cwd: site }))
  writeFileSync(stampFile, stamp)
}

/**
 * @param {string} title
 * @param {() => Promise<import('./run-process.mjs').ProcessOutcome>} run
 */
async function step(title, run) {
  const { exitCode, output, seconds } = await run()
  if (exitCode !== 0) {
    console.error(output.trimEnd())
    console.error(`\n${title} failed; its output is above.`)
    process.exit(1)
  }
  console.error(`${title}: done in ${seconds.toFixed(1)} s`)
}
