import { expect, test } from 'vitest'
import { createPaint } from '../../scripts/paint.mjs'

const terminal = { isTTY: true } as NodeJS.WriteStream
const pipe = {} as NodeJS.WriteStream

test.each([
  ['a terminal', terminal, {}, true],
  ['a pipe', pipe, {}, false],
  ['a terminal, NO_COLOR set', terminal, { NO_COLOR: '1' }, false],
  ['a terminal, NO_COLOR empty', terminal, { NO_COLOR: '' }, true],
  ['a terminal that is dumb', terminal, { TERM: 'dumb' }, false],
  ['a pipe, FORCE_COLOR set', pipe, { FORCE_COLOR: '1' }, true],
  ['a terminal, FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
  ['a pipe, FORCE_COLOR and NO_COLOR set', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('%s', (_what, stream, env, painted) => {
  expect(createPaint(stream, env)('green', 'text')).toBe(painted ? '\u001b[32mtext\u001b[39m' : 'text')
})
