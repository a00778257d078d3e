import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SQLiteAdapter, scopedbWith } from '../cli/scopedb.js'
import { temporaryFolder } from '../harness/temporary-folder.js'

const folder = temporaryFolder('scopedb')
const runtime = ['--import', 'data:text/javascript,process.stdin.isTTY=true']

test.each([
  ['y\n', true],
  [' YES \n', true],
  ['yikes\n', false],
  ['\n', false],
  // As Ctrl-D.
  ['', false],
])('in a terminal, the answer %j makes the change: %s', async (input, agreed) => {
  const path = join(folder, `${input.length}.db`)
  await using app = await SQLiteAdapter.open(path)
  await app.cache.set('k', 1)
  const { code, err } = await scopedbWith({ input, runtime }, path, 'entry', 'delete', 'k')
  expect([code, await app.cache.has('k')]).toEqual([agreed ? 0 : 1, !agreed])
  expect(err).toMatch(agreed ? /Go on\? .*is removed/ : /Go on\? .*nothing was changed/)
})
