import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { replaceBlock } from '../../scripts/replace-block.mjs'
import { gates } from './gates/all-gates.js'
import { drawRooms } from './gates/core-rooms.js'
import { applyGate } from './gates/gate.js'
import { repositoryFiles } from './repository-files.js'

const files = repositoryFiles()

test.each(gates.map((gate) => [gate.rule, gate] as const))('%s', (_rule, gate) => {
  expect(applyGate(gate, files)).toEqual([])
})

test('ARCHITECTURE.md shows which room of the core imports which', () => {
  const document = new URL('../../ARCHITECTURE.md', import.meta.url)
  const command = 'npm run check -- --update'
  const drawing = `\`\`\`text\n${drawRooms(files)}\n\`\`\``
  if (process.env.UPDATE_DOCUMENTS === '1') {
    writeFileSync(document, replaceBlock(readFileSync(document, 'utf8'), command, drawing))
  }
  const text = readFileSync(document, 'utf8')
  expect(text, `the imports have changed; run ${command}`).toBe(replaceBlock(text, command, drawing))
})
