import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/workspace.mjs'
import { published } from '../package/packed-family.js'
import { bundledLicenses } from './bundled-licenses.js'

test.each(Object.keys(published))(
  '%s hands on the licence of every package that it bundles, and of no other',
  (folder) => {
    const path = join(root, 'packages', folder, 'THIRD-PARTY-LICENSES')
    const licenses = bundledLicenses(join(root, 'packages', folder))
    if (process.env.UPDATE_DOCUMENTS === '1' && licenses !== undefined) writeFileSync(path, licenses)
    const written = existsSync(path) ? readFileSync(path, 'utf8') : undefined
    expect(written, 'npm run check -- --update writes it').toBe(licenses)
  },
)

test('a package that is bundled without a licence is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundled-'))
  try {
    const bundled = join(folder, 'node_modules/stray')
    mkdirSync(join(bundled, 'lib'), { recursive: true })
    mkdirSync(join(folder, 'dist'))
    writeFileSync(join(bundled, 'package.json'), '{ "name": "stray", "version": "1.0.0" }')
    writeFileSync(join(bundled, 'lib/package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'dist/index.js.map'), '{ "sources": ["../src/a.ts", "../node_modules/stray/lib/b.js"] }')
    expect(() => bundledLicenses(folder)).toThrow('stray 1.0.0 is bundled and has no licence')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
