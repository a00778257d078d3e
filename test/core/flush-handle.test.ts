import { readdirSync, readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { flushHandle } from '../../packages/shared/src/dialects/sqlite/file/flush-handle.js'
import { root } from '../../scripts/workspace.mjs'
import { temporaryFolder } from '../harness/temporary-folder.js'

const { versions } = process
afterEach(() => {
  Object.defineProperty(process, 'versions', { value: versions, configurable: true })
})

test("a file is flushed also under Yarn's Plug'n'Play, whose handles have no sync", async () => {
  const file = await open(join(temporaryFolder('flush'), 'file'), 'w')
  try {
    const sync = vi.fn(() => file.sync())
    await flushHandle({ fd: file.fd, sync })
    expect(sync).toHaveBeenCalledTimes(1)
    Object.defineProperty(process, 'versions', { value: { ...versions, pnp: '3' }, configurable: true })
    await flushHandle({
      fd: file.fd,
      sync: () => {
        throw new Error('Method not implemented.')
      },
    })
    await expect(flushHandle({ fd: -1, sync })).rejects.toThrow()
  } finally {
    await file.close()
  }
})

test('no code flushes a handle in another way', () => {
  for (const folder of ['shared', 'cli']) {
    const sources = join(root, 'packages', folder, 'src')
    const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    const others = files.filter((file) => !file.endsWith('flush-handle.ts'))
    const flushing = others.filter((file) => /\.(data)?sync\(/.test(readFileSync(join(sources, file), 'utf8')))
    expect(flushing).toEqual([])
  }
})
