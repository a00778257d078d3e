import { touchRules } from '../../test/matrix.mjs'
import { changedFiles, touchedRuns } from './choose-changed.mjs'
import { isIn } from './is-in.mjs'

/**
 * Returns the test files of each run, without runs that have none.
 *
 * @param {object} asked for on the command line
 * @param {readonly import('../../test/matrix.mjs').Run[]} asked.runs
 * @param {readonly string[]} asked.files parts of file names
 * @param {boolean} asked.changed
 * @param {readonly string[]} testFiles all test files
 * @returns {{ run: import('../../test/matrix.mjs').Run, files: string[] }[]}
 */
export function planRuns({ runs, files: filters, changed }, testFiles) {
  const fits = (/** @type {string} */ file) => filters.length === 0 || filters.some((filter) => file.includes(filter))
  const planned = changed
    ? touchedRuns(changedFiles(), testFiles, runs, touchRules)
    : runs.map((run) => ({
        run,
        files: testFiles.filter((file) => run.folders.some((folder) => isIn(file, folder))),
      }))
  return planned.map(({ run, files }) => ({ run, files: files.filter(fits) })).filter(({ files }) => files.length > 0)
}
