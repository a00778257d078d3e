import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

const LICENSE = /^(licen[cs]e|copying|notice)([.-].*)?$/i

/**
 * Returns the licences of all packages with a module in the bundles of a folder; the source maps name the modules.
 *
 * @returns the text of THIRD-PARTY-LICENSES; `undefined` when no third-party code is bundled.
 * @throws Error for a package without a licence file.
 */
export function bundledLicenses(packageFolder: string): string | undefined {
  const dist = join(packageFolder, 'dist')
  const sources = readdirSync(dist)
    .filter((file) => file.endsWith('.js.map'))
    .flatMap((file) => (JSON.parse(readFileSync(join(dist, file), 'utf8')) as { sources: string[] }).sources)
  const folders = new Set(
    sources.map((source) => folderOf(resolve(dist, source))).filter((folder) => folder !== undefined),
  )
  const licenses = [...folders].map(licenseOf).toSorted((one, other) => one.title.localeCompare(other.title, 'en'))
  if (licenses.length === 0) return undefined
  return licenses.map(({ title, text }) => `## ${title}\n\n${text.trim()}\n`).join('\n\n')
}

/** Returns the folder of the package of a module; `undefined` for our own. */
function folderOf(module: string): string | undefined {
  if (!module.replaceAll('\\', '/').includes('/node_modules/')) return undefined
  let folder = dirname(module)
  // A folder within a package may have a package.json that only sets the module format.
  while (!(isPackage(folder) || basename(folder) === 'node_modules')) folder = dirname(folder)
  return folder
}

function isPackage(folder: string): boolean {
  const manifest = join(folder, 'package.json')
  return existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name !== undefined
}

function licenseOf(folder: string): { readonly title: string; readonly text: string } {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>
  const file = readdirSync(folder).find((entry) => LICENSE.test(entry))
  if (file === undefined) throw new Error(`${name} ${version} is bundled and has no licence in ${folder}`)
  return { title: `${name} ${version}`, text: readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n') }
}
