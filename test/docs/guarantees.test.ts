import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'

const guarantees = readFileSync(join(root, 'docs/guarantees.md'), 'utf8')
const proofs = [...guarantees.matchAll(/\[([^[\]]+)\]\(\.\.\/([^)]+\.ts)\)/g)]

describe('guarantees', () => {
  test('every port has promises with proofs and says what is not promised', () => {
    const sections = guarantees.split(/^## /m).filter((section) => section.includes('| Promise | Proof |'))
    expect(sections.length).toBeGreaterThanOrEqual(7)
    for (const section of sections) expect(section).toContain('\nNot promised:\n')
  })

  test('every row of promises has a proof', () => {
    const rows = guarantees.split('\n').filter((line) => /^\| (?!Promise |-)/.test(line))
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.filter((row) => !/\(\.\.\/[^)]+\.ts\)/.test(row))).toEqual([])
  })

  test.each(proofs.map(([, title = '', file = '']): [string, string] => [file, title]))(
    '%s has the test "%s"',
    (file, title) => {
      const path = join(root, file)
      expect(existsSync(path) && readFileSync(path, 'utf8').includes(title)).toBe(true)
    },
  )
})
