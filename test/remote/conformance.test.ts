import type { Runner } from '@go-go-scope/persistence-conformance'
import { remoteConformance, remoteEngine } from '@go-go-scope/persistence-conformance/workspace'
import { expect, test } from 'vitest'
import { engine, runner } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'

/** Tests that do not apply to a port, each with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'a file that is not a database is refused by an adapter on a handle too':
    'the owner is refused, so no client is served',
  'an adapter waits for another that is disconnecting from its handle': 'the owner goes on with the handle',
  'an invalid path is refused': 'the owner opens',
  'bad options of open are refused before a file is made': 'the owner opens',
  'options whose getters throw are refused by the constructors and by open': 'the owner opens',
  'an argument that is not a handle is refused at once, with what to pass': 'handles are the owner’s',
  'a handle whose members throw is refused by the constructors': 'handles are the owner’s',
  'a slow statement is reported by the name of its operation': 'the owner measures, by a clock of its own',
  'an error of the codec is reported as an error of the codec': 'clients of one owner have one codec',
}

const leftOut = new Set<string>()
const overPort: Runner = {
  describe: runner.describe,
  test(name, body, timeoutMs) {
    if (name in LEFT_OUT) leftOut.add(name)
    else runner.test(name, body, timeoutMs)
  },
}

proveCell()
// This tests the messages. The cells of the engines test each store with many more examples.
process.env.CONFORMANCE_RUNS ??= '0.05'
// What does not depend on how the runtime sends messages is tested once, in test/thread-suites.
remoteConformance(overPort, remoteEngine(engine), process.env.SOAK === undefined ? 'messages' : 'whole')
test('every test that is left out is one of the suite', () => {
  expect([...leftOut].sort()).toEqual(Object.keys(LEFT_OUT).sort())
})
