import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { link } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LinkFile } from '../../packages/shared/src/dialects/sqlite/copies/publish.js'
import { lockTarget } from '../../packages/shared/src/dialects/sqlite/copies/restore-lock.js'
import { HOST } from '../../packages/shared/src/processes/numbered-processes.js'

const RESTORES = 6
const ROUNDS = 40

let folder: string
let target: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'restore-lock-'))
  target = join(folder, 'app.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const dead = (id: number | string): string => JSON.stringify({ host: HOST, pid: 99_999_999, id })
const lockFile = (): string => readFileSync(`${target}.restoring`, 'utf8')
const isSuccession = (path: string): boolean => /\.go-goscope-\w+\.restoring$/.test(path)

const failing =
  (code: string): LinkFile =>
  async () => {
    throw Object.assign(new Error('no link'), { code })
  }

describe('the lock of a restore that died', () => {
  test.each([
    ['with', link],
    ['without', failing('EPERM')],
  ] as const)('goes to one of the restores that find it at once, %s hard links', async (_, linkFile) => {
    for (let round = 0; round < ROUNDS; round++) {
      writeFileSync(`${target}.restoring`, dead(round))
      const tries = Array.from({ length: RESTORES }, () => lockTarget(target, linkFile))
      const settled = await Promise.allSettled(tries)
      const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
      expect(refused.map(({ code }) => code)).toEqual(Array(RESTORES - 1).fill('FILE_IN_USE'))
      for (const one of settled) if (one.status === 'fulfilled') await one.value.release()
      expect(readdirSync(folder)).toEqual([])
    }
  })

  test('is not taken from a restore that replaced it by one that found it dead earlier', async () => {
    writeFileSync(`${target}.restoring`, dead('first'))
    let holder = ''
    const overtaken: LinkFile = async (existing, path) => {
      if (isSuccession(path) && holder === '') {
        await lockTarget(target)
        holder = lockFile()
      }
      await link(existing, path)
    }
    await expect(lockTarget(target, overtaken)).rejects.toMatchObject({ code: 'FILE_IN_USE' })
    expect(lockFile()).toBe(holder)
    expect(readdirSync(folder)).toEqual(['app.db.restoring'])
  })

  test('can be replaced after another one died while it replaced it', async () => {
    writeFileSync(`${target}.restoring`, dead('first'))
    let died = false
    const afterDeath: LinkFile = async (existing, path) => {
      if (isSuccession(path) && !died) {
        died = true
        writeFileSync(path, dead('second'))
      }
      await link(existing, path)
    }
    const lock = await lockTarget(target, afterDeath)
    expect(died).toBe(true)
    expect(JSON.parse(lockFile())).toMatchObject({ pid: process.pid })
    await lock.release()
    expect(readdirSync(folder)).toEqual([])
  })
})
