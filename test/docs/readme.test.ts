import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { extractExamples } from './extract-examples.js'

/** The sections of the README with an example, by heading. */
const sections = readFileSync(join(root, 'README.md'), 'utf8')
  .split(/^(?=##+ )/m)
  .map((text) => ({ heading: text.slice(0, text.indexOf('\n')), text, codes: extractExamples('', text) }))
  .filter(({ codes }) => codes.length > 0)
  .map(({ heading, text, codes }) => ({ heading, text, code: codes.map(({ code }) => code).join('\n') }))

const withLock = sections.filter(({ code }) => code.includes('.lock.'))
const withScope = sections.filter(({ code }) => code.includes("from 'go-go-scope'"))

test('there are sections to judge', () => {
  expect(sections.length).toBeGreaterThan(8)
  expect(withLock.length).toBeGreaterThan(1)
  expect(withScope.length).toBeGreaterThan(0)
})

test('the first example needs no scope', () => {
  expect(sections[0]?.code).not.toContain("from 'go-go-scope'")
})

describe.each(sections.map(({ heading, text, code }) => [heading, text, code] as const))(
  '%s',
  (_heading, text, code) => {
    test('says which scope it needs, if it needs one', () => {
      expect(/\*Needs .*go-go-scope/.test(text)).toBe(code.includes("from 'go-go-scope'"))
    })
  },
)

test.each(withLock.map(({ heading, code }) => [heading, code]))(
  '%s: the lock that the example takes excludes other processes',
  (_heading, code) => {
    expect(code).toContain("locks: 'database'")
  },
)
