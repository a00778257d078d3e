import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isIn } from '../test-run/is-in.mjs'
import { root } from '../workspace.mjs'

/**
 * Returns the runs of a soak: those of an engine, and from the others the test files that have a count for a soak.
 *
 * @param {readonly import('../../test/matrix.mjs').Run[]} declared
 * @param {readonly string[]} testFiles all test files, relative to the root
 * @returns {import('../../test/matrix.mjs').Run[]}
 */
export function soakedRuns(declared, testFiles) {
  const counted = testFiles.filter((file) => readFileSync(join(root, file), 'utf8').includes("/proof-count.js'"))
  return declared
    .map((run) => {
      if (run.engine !== undefined) return run
      return { ...run, folders: counted.filter((file) => run.folders.some((folder) => isIn(file, folder))) }
    })
    .filter(({ folders }) => folders.length > 0)
}
