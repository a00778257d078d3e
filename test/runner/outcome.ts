import type { Outcome, Run } from '../../scripts/test-run/judge-run.mjs'

export const run: Run = {
  name: 'sqlite3:node20',
  group: 'conformance',
  runtime: 'node20',
  folders: ['test/cells'],
  engine: 'sqlite3',
}

interface PlannedTest {
  name: string
  status?: string
  message?: string
  meta?: { runtime?: string; engine?: string; diffs?: string[] }
}

/** Returns the outcome of a process that ran these tests in one file and ended well. */
export function outcome(tests: readonly PlannedTest[]): Outcome {
  const failed = tests.some(({ status }) => status === 'failed')
  const meta = { runtime: 'node 20.20.2', engine: 'sqlite3' }
  return {
    exitCode: failed ? 1 : 0,
    signal: null,
    timedOut: false,
    seconds: 1,
    output: '',
    report: {
      success: !failed,
      testResults: [
        {
          name: '/repo/test/cells/cell.test.ts',
          status: failed ? 'failed' : 'passed',
          assertionResults: tests.map((test) => ({
            fullName: test.name,
            status: test.status ?? 'passed',
            failureMessages: test.message === undefined ? [] : [test.message],
            meta: test.meta ?? meta,
          })),
        },
      ],
    },
  }
}
