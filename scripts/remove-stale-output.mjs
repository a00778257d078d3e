import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

/**
 * Removes compiled files that the present sources do not give: neither tsc nor turbo does, and they would be imported
 * and packed.
 */
export function removeStaleOutput() {
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name)
    const output = join(folder, 'dist')
    if (!existsSync(output)) continue
    const { code, types } = bundlesOf(folder)
    for (const file of readdirSync(output, { recursive: true, encoding: 'utf8' })) {
      if (!/\.[jt]s$/.test(file)) continue
      const source = join(folder, 'src', file.replace(/(\.d)?\.[jt]s$/, '.ts'))
      const bundles = file.endsWith('.js') ? code : types
      const stale = bundles ? !isBundle(file, bundles) : !existsSync(source)
      if (stale) rmSync(join(output, file))
    }
  }
}

/** @param {string} file @param {ReadonlySet<string>} bundles */
function isBundle(file, bundles) {
  // What exports share, numbered where there is more than one of it, and what is imported at its first use; see rolldown.config.mjs.
  return (
    /^(shared|shared-[a-z-]+|later-[a-z-]+)\d*(\.js|\.d\.ts)$/.test(file) || bundles.has(file.replaceAll('\\', '/'))
  )
}

/**
 * The files that rolldown makes of the code and of the types of a package; `undefined` where tsc makes one of each source.
 *
 * @param {string} folder
 * @returns {{ code?: ReadonlySet<string>, types?: ReadonlySet<string> }}
 */
function bundlesOf(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (manifest.private) return {}
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  )
  const types = new Set(targets.map((target) => target.replace(/^\.\/dist\//, '')))
  return manifest.scripts.build.startsWith('tsc') ? { types } : { code: types, types }
}
