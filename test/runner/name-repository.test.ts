import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nameRepository } from '../../scripts/name-repository.mjs'

let packages: string
beforeEach(() => {
  packages = mkdtempSync(join(tmpdir(), 'name-repository-'))
})
afterEach(() => rmSync(packages, { recursive: true, force: true }))

const manifest = (folder: string) => JSON.parse(readFileSync(join(packages, folder, 'package.json'), 'utf8'))

function write(folder: string, content: object): void {
  mkdirSync(join(packages, folder))
  writeFileSync(join(packages, folder, 'package.json'), JSON.stringify(content))
}

test('published packages name the repository that publishes them, and their folder in it', () => {
  write('shared', { name: '@scope/core', version: '1.0.0' })
  write('host', { name: 'host', private: true })
  expect(nameRepository('owner/fork', 'https://git.test', packages)).toEqual(['@scope/core'])
  expect(manifest('shared')).toEqual({
    name: '@scope/core',
    version: '1.0.0',
    repository: { type: 'git', url: 'git+https://git.test/owner/fork.git', directory: 'packages/shared' },
    homepage: 'https://git.test/owner/fork/tree/main/packages/shared#readme',
    bugs: 'https://git.test/owner/fork/issues',
  })
  expect(manifest('host')).toEqual({ name: 'host', private: true })
})
