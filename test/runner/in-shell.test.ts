import { expect, test } from 'vitest'
import { inShell } from '../../scripts/run-with-pnpm.mjs'

test('a program whose path contains a space is quoted on Windows, where npm does not', () => {
  const node = 'C:\\Program Files\\nodejs\\node.exe'
  expect(inShell([node, 'a b'], 'win32')).toEqual([`"${node}"`, 'a b'])
  expect(inShell(['/opt/my node', 'a b'], 'linux')).toEqual(['/opt/my node', 'a b'])
})
