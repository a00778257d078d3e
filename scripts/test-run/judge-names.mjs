import { isIn } from './is-in.mjs'

/**
 * Finds runs of one group that do not have the same tests in the folders that they share: a test that is missing on one engine
 * is a promise that is not tested there.
 *
 * @param {readonly import('./judge-run.mjs').Verdict[]} verdicts
 * @param {readonly { run: string, test: string }[]} differences declared in the matrix; one that does not occur is a
 *   problem too, so that the list stays correct
 * @returns {{ name: string, problem: string }[]} by name of the run
 */
export function judgeNames(verdicts, differences) {
  const problems = []
  const used = new Set()
  for (const group of new Set(verdicts.map(({ group }) => group))) {
    // A run without tests is reported as such; comparing it would only repeat every name.
    const members = verdicts.filter((verdict) => verdict.group === group && verdict.tests.length > 0)
    const counts = members.map(({ tests }) => countByName(tests))
    const names = new Set(counts.flatMap((count) => [...count.keys()]))
    for (const [index, { name, folders }] of members.entries()) {
      const own = counts[index] ?? new Map()
      const lacking = []
      for (const test of names) {
        if (!folders.some((folder) => isIn(fileOf(test), folder))) continue
        const most = Math.max(...counts.map((count) => count.get(test) ?? 0))
        if ((own.get(test) ?? 0) === most) continue
        const declared = differences.find((difference) => difference.run === name && difference.test === test)
        if (declared) used.add(declared)
        else lacking.push(test)
      }
      if (lacking.length > 0) {
        problems.push({
          name,
          problem: `lacks ${lacking.length} tests that others in ${group} have:\n${lacking.join('\n')}`,
        })
      }
    }
  }
  for (const difference of differences) {
    if (!used.has(difference)) {
      problems.push({ name: difference.run, problem: `declared as lacking, but it does not lack: ${difference.test}` })
    }
  }
  return problems
}

/** @param {string} test */
function fileOf(test) {
  return test.slice(0, test.indexOf(' > '))
}

/** @param {readonly string[]} tests */
function countByName(tests) {
  const counts = new Map()
  for (const test of tests) counts.set(test, (counts.get(test) ?? 0) + 1)
  return counts
}
