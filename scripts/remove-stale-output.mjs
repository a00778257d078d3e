import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

/**
 * Removes compiled files whose source is gone: neither tsc nor turbo does, and they would be imported and packed.
 */
export function removeStaleOutput() {
  for (const name of readdirSync(join(root, 'packages'))) {
    const output = join(root, 'packages', name, 'dist')
    if (!existsSync(output)) continue
    for (const file of readdirSync(output, { recursive: true, encoding: 'utf8' })) {
      const source = join(root, 'packages', name, 'src', file.replace(/(\.d)?\.[jt]s$/, '.ts'))
      if (/\.[jt]s$/.test(file) && !existsSync(source)) rmSync(join(output, file))
    }
  }
}
