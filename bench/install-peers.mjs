import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runWithPnpm } from '../scripts/run-with-pnpm.mjs'

const peers = fileURLToPath(new URL('peers', import.meta.url))
const stampFile = join(peers, 'node_modules/.set-up-stamp')

/** Installs the packages to compare with, from their own lockfile, when the bench runs for the first time. */
export async function installPeers() {
  const stamp = process.version + readFileSync(join(peers, 'pnpm-lock.yaml'), 'utf8')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  console.error('Installing the packages to compare with (once; about a minute) ...')
  const { exitCode, output } = await runWithPnpm(['pnpm', 'install', '--frozen-lockfile'], { cwd: peers })
  if (exitCode !== 0) {
    console.error(output.trimEnd())
    throw new Error('the packages under bench/peers cannot be installed; --no-peers runs the bench without them')
  }
  writeFileSync(stampFile, stamp)
}
