import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeStaleOutput } from './remove-stale-output.mjs'
import { runWithPnpm } from './run-with-pnpm.mjs'
import { pnpmVersion, root, tools } from './workspace.mjs'

const stampFile = join(root, 'node_modules/.set-up-stamp')

/**
 * Installs the dependencies of the lockfile and builds every package, each only when something changed since the last time.
 * When a step fails, prints the tool's output and ends the process.
 */
export async function setUp() {
  const stamp = installationStamp()
  if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
    await step('Installing dependencies', ['pnpm', 'install', '--frozen-lockfile'])
    writeFileSync(stampFile, stamp)
  }
  // Through process.execPath, because turbo's own launcher would be looked up by name.
  await step('Building', [process.execPath, tools.turbo, 'run', 'build', '--output-logs=errors-only'])
  // Last, because a build from turbo's cache can restore old files.
  removeStaleOutput()
}

/**
 * @param {string} title
 * @param {readonly string[]} command
 */
async function step(title, command) {
  const slow = setTimeout(() => console.error(`${title} ...`), 1000)
  const { exitCode, output, seconds } = await runWithPnpm(command)
  clearTimeout(slow)
  if (exitCode === 0) {
    if (seconds > 1) console.error(`${title}: done in ${seconds.toFixed(1)} s`)
    return
  }
  console.error(output.trimEnd())
  console.error(`\n${title} failed; its output is above.`)
  process.exit(1)
}

/** Changes when the lockfile, a manifest, pnpm, its file or the machine's architecture does. */
function installationStamp() {
  const hash = createHash('sha256').update(`${pnpmVersion} ${process.platform} ${process.arch}\n`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs', ...manifests()]) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

/** package.json of the root and of every workspace folder, the globs of pnpm-workspace.yaml spelled out. */
function manifests() {
  const folders = ['.', 'test', 'bench']
  for (const parent of ['packages', 'examples']) {
    for (const name of readdirSync(join(root, parent)).sort()) folders.push(join(parent, name))
  }
  return folders.map((folder) => join(folder, 'package.json')).filter((file) => existsSync(join(root, file)))
}
