import { expect, test } from 'vitest'
import { Diagnostics } from '../../packages/shared/src/errors/diagnostics.js'
import { Backlog } from '../../packages/shared/src/queue/backlog.js'
import type { Call } from '../../packages/shared/src/queue/call.js'
import { runsAtHead } from '../../packages/shared/src/queue/runs.js'
import { nothing, write } from '../../packages/shared/src/queue/statement.js'

const ALL = { runs: 100, calls: 100, callsInRun: 100, units: 100 }
const batch = { sql: 'no SQL', match: 'none' } as const
const [set, other] = [write('set', 'none', 'no SQL', { batch }), write('other', 'none', 'no SQL', { batch })]

function backlogOf(calls: readonly (readonly [statement: typeof set, parameter: string])[]): Backlog {
  const backlog = new Backlog(new Diagnostics((error) => error as never, {} as never))
  for (const [statement, parameter] of calls) {
    const settlers = { resolve: () => undefined, reject: () => undefined, deadline: 0 }
    const call: Call = {
      type: 'call',
      name: statement.name,
      statement,
      parameters: [parameter],
      decode: nothing,
      ...settlers,
    }
    backlog.push(call)
  }
  return backlog
}

test('what is sent together keeps to each of the bounds', () => {
  const lengths = (bounds: Partial<typeof ALL>, text = 'k') => {
    const calls = [set, set, set, other, other, set].map((statement) => [statement, text] as const)
    return runsAtHead(backlogOf(calls), { ...ALL, ...bounds }).map((run) => run.length)
  }
  expect(lengths({})).toEqual([3, 2, 1])
  expect(lengths({ runs: 2 })).toEqual([3, 2])
  expect(lengths({ runs: 1 })).toEqual([3])
  expect(lengths({ calls: 4 })).toEqual([3, 1])
  expect(lengths({ callsInRun: 2 })).toEqual([2, 1, 2, 1])
  expect(lengths({ callsInRun: 2, runs: 2 })).toEqual([2, 1])
  expect(lengths({ units: 4 })).toEqual([3, 1])
  expect(lengths({}, 'x'.repeat(101)), 'a single call may exceed it').toEqual([1])
})
