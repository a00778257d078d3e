/**
 * Holds the declared folders against the test files that exist.
 *
 * @param {readonly string[]} files test files, relative to the root, with `/`
 * @param {readonly import('../../test/matrix.mjs').Run[]} runs
 * @returns {string[]} problems: a file that no run would run, or a folder without a test file
 */
export function judgeFiles(files, runs) {
  const folders = [...new Set(runs.flatMap((run) => run.folders))]
  const unclaimed = files.filter((file) => !folders.some((folder) => file.startsWith(`${folder}/`)))
  const empty = folders.filter((folder) => !files.some((file) => file.startsWith(`${folder}/`)))
  return [
    ...unclaimed.map((file) => `${file} is in no run of test/matrix.mjs`),
    ...empty.map((folder) => `${folder} is declared in test/matrix.mjs and holds no test file`),
  ]
}
