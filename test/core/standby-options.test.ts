import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SQLiteAdapter, Standby } from '@go-go-scope/persistence-sqlite-node'
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FORGOTTEN_AFTER_MS } from '../../packages/shared/src/dialects/sqlite/schema/change-log.js'
import { resolveFollowOptions } from '../../packages/shared/src/dialects/sqlite/standby/follow-options.js'

const folder = mkdtempSync(join(tmpdir(), 'standby-options-'))
const handle = new DatabaseSync(join(folder, 'app.db'))
const source = new SQLiteAdapter(handle as never, { closeOnDisconnect: false })

beforeAll(async () => {
  handle.exec('PRAGMA journal_mode = WAL')
  await source.cache.set('k', 1)
})

afterAll(async () => {
  await source.disconnect()
  handle.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a standby of an adapter that leaves its handle to the app takes over with one that has its own', async () => {
  for (const target of [':memory:', join(folder, 'standby.db')]) {
    const standby = await Standby.follow(source, { target })
    const promoted = await standby.takeOver({ force: true })
    expect(await promoted.cache.get('k')).toBe(1)
    await promoted.disconnect()
    await standby.stop()
  }
})

test.each([{ closeOnDisconnect: false }, { durability: 'fast' }, { mode: -1 }, { walSize: 1 }, { readOnly: 'yes' }])(
  'an option that the adapter which takes over would refuse is refused before anything is followed: %j',
  async (options) => {
    const target = join(folder, 'never.db')
    await expect(Standby.follow(source, { target, ...options } as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(Object.keys(options)[0] as string),
    })
    expect(existsSync(target)).toBe(false)
  },
)

test('a standby polls its source before that drops it, whatever the interval is', () => {
  for (const every of [7 * FORGOTTEN_AFTER_MS, Number.POSITIVE_INFINITY]) {
    expect(resolveFollowOptions({ target: ':memory:', every }).every).toBeLessThan(FORGOTTEN_AFTER_MS)
  }
})
