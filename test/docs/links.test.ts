import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { repositoryFiles } from '../architecture/repository-files.js'

const documents = repositoryFiles().filter(({ path }) => path.endsWith('.md') && !path.startsWith('.changeset/'))

/** Returns the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

test('there are documents', () => {
  expect(documents.length).toBeGreaterThan(10)
})

test.each(documents.map(({ path, text }): [string, string] => [path, text]))(
  'the links of %s lead somewhere',
  (path, text) => {
    const broken = [...text.matchAll(/\]\(([^)#\s]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, target = '']) => !/^https?:/.test(target))
      .filter(([, target = '', anchor]) => {
        const file = target === '' ? join(root, path) : join(root, dirname(path), target)
        if (!existsSync(file)) return true
        if (anchor === undefined) return false
        return ![...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].some(
          ([, heading = '']) => anchorOf(heading) === anchor,
        )
      })
    expect(broken.map(([link]) => link)).toEqual([])
  },
)
