// full-disk.mjs <engine> <folder>: follows a database from another disk into the folder on a small disk, fills that disk and
// frees it, and prints the outcome for the standby and for calls to it.
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const source = mkdtempSync(join(tmpdir(), 'full-disk-'))
const path = join(source, 'app.db')
const ballast = join(folder, 'ballast')
const ENTRY = 'x'.repeat(100_000)
// Less than an entry, so that the disk is full while a round writes one.
const LEFT = 65_536

/** @param {() => Promise<unknown>} call */
const codeOf = (call) =>
  call().then(
    () => 'done',
    (error) => error.code,
  )

const adapter = await engine.SQLiteAdapter.open(path)
try {
  const standby = await engine.Standby.follow(/** @type {never} */ (adapter), {
    target: join(folder, 'standby.db'),
    every: 5,
  })
  /** @param {string} what @param {() => boolean} holds */
  const untilHolds = async (what, holds) => {
    for (let turn = 0; !holds(); turn++) {
      if (turn > 2_000) throw new Error(`it is never ${what}, but ${standby.state} (${standby.reason})`)
      await pause(5)
    }
  }
  /** @param {string} state */
  const until = (state) => untilHolds(state, () => standby.state === state)
  const room = () => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  }
  await adapter.cache.set('first', 1)
  await standby.waitFor()
  writeFileSync(ballast, Buffer.alloc(room() - LEFT))
  await adapter.cache.set('while full', ENTRY)
  await until('waiting')
  const { reason, position, behind } = standby
  await untilHolds('leaving the room to others', () => room() >= LEFT)
  const full = {
    reason,
    behind,
    first: await standby.cache.get('first'),
    waitFor: await codeOf(() => standby.waitFor()),
    verify: await codeOf(() => standby.verify()),
    takeOver: await codeOf(() => standby.takeOver({ force: true })),
    state: standby.state,
  }
  await adapter.cache.set('also', 1)
  rmSync(ballast)
  await until('following')
  await standby.waitFor()
  const { equal } = await standby.verify()
  const after = { equal, reason: standby.reason ?? null, further: Number(standby.position) > Number(position) }
  const entry = (await standby.cache.get('while full')) === ENTRY
  await standby.stop()
  const handle = await engine.openHandle(path)
  const left = await engine.rows(handle, "SELECT name FROM sqlite_master WHERE name = 'go_goscope_changes'")
  await engine.closeHandle(handle)
  say({ full, after, entry, left })
} finally {
  await adapter.disconnect()
  rmSync(source, { recursive: true, force: true })
}
