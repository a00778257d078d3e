import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

/**
 * Removes compiled files that have no source any longer. Neither tsc nor turbo removes them, and they would be imported and
 * packed.
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
  // The code that exports share, numbered if in several files, and the code that is imported at first use; see rolldown.config.mjs.
  return (
    /^(shared|shared-[a-z-]+|later-[a-z-]+)\d*(\.js|\.d\.ts)$/.test(file) || bundles.has(file.replaceAll('\\', '/'))
  )
}

/**
 * Returns the files that rolldown makes of a package's code and types; `undefined` where tsc makes one file per source.
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
