import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../packages/', import.meta.url))

/**
 * What an app downloads: bytes of each published package, packed and unpacked, and the packages it brings along.
 *
 * @returns {Record<string, { packed: number, unpacked: number, files: number, dependencies: string[] }>}
 */
export function packageSizes() {
  const sizes = {}
  for (const folder of readdirSync(packages)) {
    const cwd = join(packages, folder)
    const manifest = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'))
    if (manifest.private) continue
    const listing = execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd, encoding: 'utf8', stdio: 'pipe' })
    const [{ size, unpackedSize, entryCount }] = JSON.parse(listing)
    const dependencies = Object.keys(manifest.dependencies ?? {})
    sizes[manifest.name] = { packed: size, unpacked: unpackedSize, files: entryCount, dependencies }
  }
  return sizes
}
