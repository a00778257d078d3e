import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { run } from '../../packages/cli/dist/index.js'
import { SQLiteAdapter } from '../cli/scopedb.js'

test('watch draws what changes, counts the cache less often than the rest, and ends on a signal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scopedb-watch-'))
  const path = join(folder, 'app.db')
  const adapter = await SQLiteAdapter.open(path, { locks: 'database' })
  await adapter.cache.set('before', 1)
  let out = ''
  const heard = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  try {
    const watching = run([path, 'watch', '--every', '10'])
    await vi.waitUntil(() => /^1 +\d+ B/m.test(out))
    await adapter.cache.set('after', 2)
    await adapter.lock.acquire('nightly', 60_000, 'ada')
    out = ''
    await vi.waitUntil(() => /^nightly +held +ada/m.test(out))
    // These figures read up to 10,000 entries, so they are not read again within five seconds.
    expect(out).toMatch(/^1 +\d+ B/m)
    process.emit('SIGTERM')
    expect(await watching).toBe(0)
  } finally {
    heard.mockRestore()
    await adapter.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
})
