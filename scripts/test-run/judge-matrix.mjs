import { isIn } from './is-in.mjs'

/**
 * Compares the matrix with the existing test files.
 *
 * @param {readonly string[]} files test files, relative to the root, with `/`
 * @param {readonly import('../../test/matrix.mjs').Run[]} runs
 * @param {readonly { run: string }[]} differences
 * @returns {string[]} problems: a file in no run, a folder without a test file, a difference of an unknown run
 */
export function judgeMatrix(files, runs, differences) {
  const folders = [...new Set(runs.flatMap((run) => run.folders))]
  const unclaimed = files.filter((file) => !folders.some((folder) => isIn(file, folder)))
  const empty = folders.filter((folder) => !files.some((file) => isIn(file, folder)))
  const stray = differences.filter(({ run }) => !runs.some(({ name }) => name === run))
  return [
    ...unclaimed.map((file) => `${file} is in no run of test/matrix.mjs`),
    ...empty.map((folder) => `${folder} is declared in test/matrix.mjs and holds no test file`),
    ...stray.map(({ run }) => `differences name ${run}, which is no run`),
  ]
}
