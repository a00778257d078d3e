import { expect, test } from 'vitest'
import { gates } from './gates/all-gates.js'
import { applyGate } from './gates/gate.js'
import { repositoryFiles } from './repository-files.js'

const files = repositoryFiles()

test.each(gates.map((gate) => [gate.rule, gate] as const))('%s', (_rule, gate) => {
  expect(applyGate(gate, files)).toEqual([])
})
