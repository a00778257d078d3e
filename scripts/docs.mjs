import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
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

A broken link is an error. To see the site, run \`npx vitepress preview\` in the folder site.`,
  (args) => parseArgs({ args, options: {} }),
)
await setUp()
await install()
rmSync(join(site, 'api'), { recursive: true, force: true })
// By their JavaScript entries, like the other tools.
await step('API from the types', () =>
  runProcess(node, ['node_modules/typedoc/bin/typedoc', '--options', 'typedoc.config.mjs'], { cwd: site }),
)
await step('Names in the API', () => runProcess(node, ['missing-names.mjs'], { cwd: site }))
await step('Site', () => runProcess(node, ['node_modules/vitepress/bin/vitepress.js', 'build'], { cwd: site }))
await loadScripts()
console.log('The site is in site/dist.')

/** Loads the scripts that run in the browser (search, menus). When they fail, the pages still look right. */
async function loadScripts() {
  const chunks = join(site, 'dist/assets/chunks')
  const framework = readdirSync(chunks).filter((name) => /^framework\..*\.js$/.test(name))
  if (framework.length !== 1) throw new Error(`the site has ${framework.length} frameworks in ${chunks}`)
  const url = pathToFileURL(join(chunks, String(framework[0])))
  const load = `globalThis.window = { __VP_SITE_DATA__: {} }
    await import('${url}').catch((error) => { console.error(String(error)); process.exit(1) })`
  await step('Scripts of the site', () => runProcess(node, ['--input-type=module', '-e', load]))
}

/** Installs the tools of the site from their own lockfile, so that builds and tests do not install them. */
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
