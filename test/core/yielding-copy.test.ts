import { chmodSync, closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { BLOCK_BYTES as BLOCK } from '../../packages/shared/src/dialects/sqlite/block-copy/dd.js'
import { YieldingCopy } from '../../packages/shared/src/dialects/sqlite/block-copy/yielding-copy.js'

// A dd that, without flags, copies everything at once and runs for another second. With flags it waits before it begins.
const DD = `#!/bin/sh
case "$*" in *oflag=*) sleep 0.3 ;; esac
PATH=/usr/bin:/bin dd "$@" || exit 1
case "$*" in *oflag=*) ;; *) sleep 1 ;; esac
`

const folder = mkdtempSync(join(tmpdir(), 'yielding-copy-'))
const path = process.env.PATH
afterEach(() => {
  process.env.PATH = path
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts the copy of a new file, with the program `dd` of that text. */
async function startCopy(dd: string, bytes: number) {
  writeFileSync(join(folder, 'dd'), dd)
  chmodSync(join(folder, 'dd'), 0o700)
  process.env.PATH = `${folder}${delimiter}${path}`
  const [source, target] = [join(folder, 'app.db'), join(folder, 'copy.db')]
  const content = Buffer.alloc(bytes, 'some bytes')
  writeFileSync(source, content)
  writeFileSync(target, '')
  const file = openSync(target, 'r+')
  return { source, target, content, file, copy: await YieldingCopy.start({ source, target, bytes }, file) }
}

test('a block that is copied again after a commit counts in the length of the copy only once it is written', async () => {
  const { source, target, content, file, copy } = await startCopy(DD, 3 * BLOCK + 5_000)
  try {
    while (fstatSync(file).size < content.length) expect(await copy?.wait(5, 0)).toBe(false)
    writeFileSync(`${source}-wal`, 'a commit')
    expect(await copy?.wait(0, BLOCK)).toBe(false)
    expect(fstatSync(file).size).toBe(BLOCK)
    while ((await copy?.wait(5, BLOCK)) === false) expect(fstatSync(file).size).toBeLessThanOrEqual(content.length)
    expect(readFileSync(target).equals(content)).toBe(true)
  } finally {
    await copy?.stop()
    closeSync(file)
  }
})

// A dd that, with flags, copies everything and then reports a lost write. The kernel reports a lost write only once.
const LOSES = `#!/bin/sh
case "$*" in
  *oflag=*) PATH=/usr/bin:/bin dd "$@" 2>/dev/null; echo "dd: error writing 'copy.db': Input/output error" >&2; exit 1 ;;
esac
PATH=/usr/bin:/bin dd "$@" && sleep 1
`

test('a dd that fails after it has written is not replaced by the engine’s copy', async () => {
  writeFileSync(join(folder, 'dd'), LOSES)
  process.env.PATH = `${folder}${delimiter}${path}`
  const [source, target] = [join(folder, 'app.db'), join(folder, 'copy.db')]
  writeFileSync(source, Buffer.alloc(3 * BLOCK, 'some bytes'))
  writeFileSync(target, '')
  const file = openSync(target, 'r+')
  const copy = await YieldingCopy.start({ source, target, bytes: 3 * BLOCK }, file)
  try {
    while (fstatSync(file).size < 3 * BLOCK) await copy?.wait(5, 0)
    writeFileSync(`${source}-wal`, 'another commit')
    await copy?.wait(0, BLOCK)
    const copied = async () => {
      while (!(await copy?.wait(5, BLOCK))) expect(fstatSync(file).size).toBeLessThanOrEqual(3 * BLOCK)
    }
    await expect(copied()).rejects.toMatchObject({ code: 'IO_ERROR', message: expect.stringContaining('Input/output') })
  } finally {
    await copy?.stop()
    closeSync(file)
  }
})

// A dd that notes its arguments. Without flags it runs for another second.
const NOTES = `#!/bin/sh
echo "$*" >>"$NOTES"
PATH=/usr/bin:/bin dd "$@" || exit 1
case "$*" in *oflag=*) ;; *) sleep 1 ;; esac
`

// A commit may wait for the flush of one block. The size was chosen by measurements (decision 41), so it is a number here.
const LONGEST_WAIT_BYTES = 524_288

test('no more than 512 KiB of a copy are unflushed at a time while others commit', async () => {
  const notes = join(folder, 'notes')
  process.env.NOTES = notes
  const { source, target, content, file, copy } = await startCopy(NOTES, 5 * BLOCK + 5_000)
  try {
    while (fstatSync(file).size < content.length) expect(await copy?.wait(5, 0)).toBe(false)
    writeFileSync(`${source}-wal`, 'yet another commit')
    while ((await copy?.wait(5, BLOCK)) === false) expect(fstatSync(file).size).toBeLessThanOrEqual(content.length)
    expect(readFileSync(target).equals(content)).toBe(true)
  } finally {
    await copy?.stop()
    closeSync(file)
  }
  const [fast, yielding, ...more] = readFileSync(notes, 'utf8').trimEnd().split('\n').map(operandsOf)
  expect(more).toEqual([])
  expect(fast?.oflag).toBeUndefined()
  // dd writes what it has read at once, and with this flag a write ends when its block is flushed.
  expect(yielding?.oflag).toBe('dsync')
  expect(Number(yielding?.bs)).toBeLessThanOrEqual(LONGEST_WAIT_BYTES)
  expect(Number(yielding?.bs) * Number(yielding?.seek)).toBe(BLOCK)
})

const operandsOf = (line: string): Record<string, string> =>
  Object.fromEntries(line.split(' ').map((operand) => operand.split('=')))
