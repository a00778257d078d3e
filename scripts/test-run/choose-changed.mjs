import { execFileSync } from 'node:child_process'
import { root } from '../workspace.mjs'
import { isIn } from './is-in.mjs'

/**
 * @typedef {import('../../test/matrix.mjs').Run} Run
 * @typedef {{ changed: RegExp, run: string, tests?: RegExp }} TouchRule see test/matrix.mjs
 */

/**
 * Returns the files that differ from the last commit or, if none differs, those that the last commit changed.
 *
 * @returns {string[]} relative to the root, with `/`
 */
export function changedFiles() {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
  const uncommitted = [
    ...git('diff', '--name-only', '--relative', 'HEAD'),
    ...git('ls-files', '--others', '--exclude-standard'),
  ]
  return uncommitted.length > 0 ? uncommitted : git('show', '--name-only', '--relative', '--format=', 'HEAD')
}

/**
 * Returns the runs that a change touches, each with the test files that it touches there.
 *
 * @param {readonly string[]} changed files
 * @param {readonly string[]} testFiles all test files
 * @param {readonly Run[]} runs the runs to choose from
 * @param {readonly TouchRule[]} rules
 * @returns {{ run: Run, files: string[] }[]} in the order of `runs`
 */
export function touchedRuns(changed, testFiles, runs, rules) {
  /** @type {Map<string, Set<string>>} */
  const touched = new Map()
  const touch = (/** @type {Run | undefined} */ run, /** @type {readonly string[]} */ files) => {
    if (run === undefined) return
    const known = touched.get(run.name) ?? new Set()
    touched.set(run.name, known)
    for (const file of files) known.add(file)
  }
  const filesOf = (/** @type {Run} */ { folders }) =>
    testFiles.filter((file) => folders.some((folder) => isIn(file, folder)))
  for (const file of changed) {
    // A test that changed runs itself, in the first run that has it.
    if (testFiles.includes(file))
      touch(
        runs.find((run) => filesOf(run).includes(file)),
        [file],
      )
    for (const rule of rules) {
      if (!rule.changed.test(file)) continue
      const run = runs.find(({ name }) => name === rule.run)
      if (run !== undefined)
        touch(
          run,
          filesOf(run).filter((path) => rule.tests?.test(path) ?? true),
        )
    }
    // The code of a proof is in a folder with the proof's name.
    const [, proof] = /^test\/proof\/([^/]+)\//.exec(file) ?? []
    const ofProof = testFiles.filter((path) => path.endsWith(`/${proof}.test.ts`))
    touch(
      runs.find((run) => ofProof.some((path) => filesOf(run).includes(path))),
      ofProof,
    )
  }
  return runs.flatMap((run) => {
    const files = touched.get(run.name)
    return files === undefined || files.size === 0 ? [] : [{ run, files: [...files].sort() }]
  })
}
