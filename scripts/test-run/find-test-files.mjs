import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const ignored = new Set(['node_modules', 'dist', '.git', '.work', '.turbo', 'coverage'])

/**
 * @param {string} root
 * @param {string} [folder] relative to `root`
 * @returns {string[]} every test file, relative to `root`, with `/`, in order
 */
export function findTestFiles(root, folder = '') {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return ignored.has(entry.name) ? [] : findTestFiles(root, path)
      return /\.test\.(ts|mts|mjs|js)$/.test(entry.name) ? [path] : []
    })
    .sort()
}
