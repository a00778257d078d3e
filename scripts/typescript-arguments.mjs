import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const ofExamples = createRequire(new URL('../examples/resumable-import/package.json', import.meta.url))

/**
 * What this runtime must be given to run TypeScript. Bun and Node from 22.18 on leave the types out by themselves; for an
 * older Node the examples bring a loader, which is there once the workspace is set up.
 *
 * @returns {string[]}
 */
export function typescriptArguments() {
  const { typescript } = /** @type {{ typescript?: unknown }} */ (process.features)
  if (process.versions.bun !== undefined || typescript) return []
  // Its place, because the name alone would be looked for from the folder in which the process is started.
  return ['--import', pathToFileURL(ofExamples.resolve('tsx')).href]
}
