import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll } from 'vitest'
import { root } from '../../../scripts/workspace.mjs'

/** Makes a copy of the core, as if a package manager had installed it a second time. @returns the URLs of its modules */
export function secondCopy(): { index: string; remote: string } {
  const folder = mkdtempSync(join(tmpdir(), 'second-copy-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const installed = join(root, 'packages/shared')
  cpSync(join(installed, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(installed, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(installed, 'node_modules'), join(folder, 'node_modules'))
  const url = (module: string): string => pathToFileURL(join(folder, 'dist', module)).href
  return { index: url('index.js'), remote: url('remote.js') }
}
