import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../packages/', import.meta.url))

/**
 * Returns what an app downloads: bytes of each published package, packed and unpacked, and its dependencies.
 *
 * @param {readonly string[]} folders of `packages`; unpublished ones are left out
 * @returns {Record<string, { packed: number, unpacked: number, files: number, dependencies: string[] }>}
 */
export function packageSizes(folders = readdirSync(packages)) {
  const published = folders
    .map((folder) => join(packages, folder))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => !manifest.private)
  // The prepack scripts refuse npm, because it does not replace workspace ranges. The size does not depend on them.
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', ...published.map(({ folder }) => folder)]
  /** @type {{ name: string, size: number, unpackedSize: number, entryCount: number }[]} */
  const listings = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', stdio: 'pipe' }))
  return Object.fromEntries(
    listings.map(({ name, size, unpackedSize, entryCount }) => {
      const of = published.find(({ manifest }) => manifest.name === name)
      const dependencies = Object.keys(of?.manifest.dependencies ?? {})
      return [name, { packed: size, unpacked: unpackedSize, files: entryCount, dependencies }]
    }),
  )
}
