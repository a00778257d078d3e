import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test, vi } from 'vitest'
import { run } from '../../packages/cli/dist/index.js'
import { program, SQLiteAdapter } from '../cli/scopedb.js'

/** Collects in `text` what is written to the standard output, instead of printing it. */
function hearOutput() {
  const printed = { text: '', restore: () => heard.mockRestore() }
  const heard = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.text += text
    return true
  })
  return printed
}

test('watch draws what changes, counts the cache less often than the rest, and ends on a signal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scopedb-watch-'))
  const path = join(folder, 'app.db')
  const adapter = await SQLiteAdapter.open(path, { locks: 'database' })
  await adapter.cache.set('before', 1)
  const printed = hearOutput()
  const listeners = () => ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal))
  const before = listeners()
  try {
    const watching = run([path, 'watch', '--every', '10'])
    await vi.waitUntil(() => /^1 +\d+ B/m.test(printed.text))
    await adapter.cache.set('after', 2)
    await adapter.lock.acquire('nightly', 60_000, 'ada')
    printed.text = ''
    await vi.waitUntil(() => /^nightly +held +ada/m.test(printed.text))
    // These figures read up to 10,000 entries, so they are not read again within five seconds.
    expect(printed.text).toMatch(/^1 +\d+ B/m)
    process.emit('SIGTERM')
    expect(await watching).toBe(0)
    expect(listeners(), 'a second signal, whichever it is, ends the process').toEqual(before)
  } finally {
    printed.restore()
    await adapter.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
})

test.each([
  [14, '', /held locks.*^four +held.*^three +held/ms],
  // Two columns each, so that a key takes twice as many rows as by its characters.
  [50, '夜'.repeat(150), /^held locks +夜+four$/m],
])(
  'on a terminal that is too low, watch shows the held locks, which come first: %i rows',
  async (rows, start, expected) => {
    const folder = mkdtempSync(join(tmpdir(), 'scopedb-watch-'))
    const path = join(folder, 'app.db')
    const adapter = await SQLiteAdapter.open(path, { locks: 'database' })
    for (const key of ['one', 'two', 'three', 'four']) {
      // The name of the machine could make the table wider than the terminal.
      await adapter.lock.acquire(start + key, 60_000, 'ada')
      await adapter.idempotency.claim(start + key, { lease: 60_000 })
    }
    const before = Object.getOwnPropertyDescriptors(process.stdout)
    Object.defineProperties(process.stdout, {
      isTTY: { value: true, configurable: true },
      rows: { value: rows, configurable: true },
      columns: { value: 80, configurable: true },
    })
    const printed = hearOutput()
    try {
      const watching = run([path, 'watch', '--every', '10'])
      await vi.waitUntil(() => printed.text.includes('…'))
      process.emit('SIGTERM')
      expect(await watching).toBe(0)
      // The library breaks the lines.
      expect(stripVTControlCharacters(printed.text).replaceAll('夜\n', '夜')).toMatch(expected)
      expect(printed.text).not.toContain('work under way')
      const [frame = ''] = stripVTControlCharacters(printed.text).split('\n…')
      expect(frame.split('\n').length, 'below are the mark and the cursor').toBeLessThanOrEqual(rows - 2)
    } finally {
      printed.restore()
      for (const name of ['isTTY', 'rows', 'columns'] as const) {
        const of = before[name as keyof typeof before]
        if (of === undefined) delete (process.stdout as unknown as Record<string, unknown>)[name]
        else Object.defineProperty(process.stdout, name, of)
      }
      await adapter.disconnect()
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

test.each([
  ['redraws, and ends with 0 on Ctrl-C', 24, '\u001b[?25l'],
  ['draws although the terminal does not tell its size', 0, '\n\n'],
])('in a terminal watch %s', async (_, rows, expected) => {
  const folder = mkdtempSync(join(tmpdir(), 'scopedb-watch-'))
  const path = join(folder, 'app.db')
  await (await SQLiteAdapter.open(path)).disconnect()
  const terminal = `for (const stream of [process.stdout, process.stderr])
    Object.assign(stream, { isTTY: true, columns: 300, rows: ${rows} })`
  const preload = ['--import', `data:text/javascript,${encodeURIComponent(terminal)}`]
  const child = spawn(process.execPath, [...preload, program, path, 'watch'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      const isReady = out.includes('prefixes')
      out += text
      // Once: a second Ctrl-C ends a program that is ending.
      if (!isReady && out.includes('prefixes')) child.kill('SIGINT')
    })
  }
  expect(await once(child, 'close')).toEqual([0, null])
  expect(out).toContain(expected)
  expect(out).toContain('app.db, SQLite')
  rmSync(folder, { recursive: true, force: true })
})
