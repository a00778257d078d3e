// Fails where the reference lacks what packages export, by the reports that the tests of the architecture hold to their types.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { entries } from './typedoc.config.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

const reports = readdirSync(join(root, 'packages')).flatMap((folder) => sectionsOf(join(root, 'packages', folder)))
const missing = entries.flatMap(({ specifier }) => {
  const report = reports.find((section) => section.specifier === specifier)
  if (report === undefined) return [`${specifier}: everything, because no report has it`]
  const shown = wordsOf(join(root, 'site/api', specifier))
  return report.names.filter((name) => !shown.has(name)).map((name) => `${specifier}: ${name}`)
})
if (missing.length > 0) {
  console.error(`The reference lacks what packages export:\n  ${missing.join('\n  ')}`)
  process.exitCode = 1
}

/** @param {string} folder of a package */
function sectionsOf(folder) {
  if (!readdirSync(folder).includes('api.md')) return []
  const [, ...sections] = readFileSync(join(folder, 'api.md'), 'utf8').split(/^## /m)
  return sections.map((text) => ({
    specifier: text.slice(0, text.indexOf('\n')).trim(),
    // Those that are declared, and those that are of another package.
    names: [...text.matchAll(/^(?:\/\/ ([\w$]+)$|([\w$]+): as in )/gm)].map(([, own, other]) => own ?? other ?? ''),
  }))
}

/** @param {string} folder @returns every word of the pages */
function wordsOf(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  return new Set(files.flatMap((name) => readFileSync(join(folder, name), 'utf8').match(/[\w$]+/g) ?? []))
}
