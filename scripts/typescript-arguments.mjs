import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const ofExamples = createRequire(new URL('../examples/resumable-import/package.json', import.meta.url))

/**
 * Returns the arguments with which this runtime runs TypeScript. Bun and Node from 22.18 on strip types themselves. For an older
 * Node the examples have a loader, which exists once the workspace is set up.
 *
 * @returns {string[]}
 */
export function typescriptArguments() {
  const { typescript } = /** @type {{ typescript?: unknown }} */ (process.features)
  if (process.versions.bun !== undefined || typescript) return []
  // Its path, because Node would resolve its name from the working directory.
  return ['--import', pathToFileURL(ofExamples.resolve('tsx')).href]
}
