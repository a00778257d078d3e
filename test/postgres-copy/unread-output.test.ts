import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { answers, fillEveryKind } from './every-kind.js'
import { newPlace, onFile, onServer } from './moved-store.js'

proveCell()

const COMMAND = fileURLToPath(new URL('../../packages/persistence-postgres/bin.mjs', import.meta.url))

test('a copy is completed also if nobody reads what the command writes', async () => {
  const place = await newPlace()
  const filled = await onFile(place.file)
  await fillEveryKind(filled, 10)
  const expected = await answers(filled)
  await filled.disconnect()
  const args = [COMMAND, 'copy', place.file, serverUrl(), '--schema', place.schema]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  // As `head` does when it has its lines.
  child.stdout.destroy()
  child.stderr.destroy()
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await answers(await onServer(place))).toEqual(expected)
})

test('a copy whose result cannot be written has failed, and prints it when it is run again', async () => {
  const place = await newPlace()
  const filled = await onFile(place.file)
  await fillEveryKind(filled, 10)
  await filled.disconnect()
  const args = [COMMAND, 'copy', place.file, serverUrl(), '--schema', place.schema]
  // A read-only descriptor fails in the same way as a full disk.
  const unwritable = openSync(COMMAND, 'r')
  try {
    const child = spawn(process.execPath, args, { stdio: ['ignore', unwritable, 'pipe'] })
    const [err, ended] = await Promise.all([
      text(child.stderr as NonNullable<typeof child.stderr>),
      once(child, 'exit'),
    ])
    expect(err).toMatch(/stdout cannot be written \(.*\)\n$/)
    expect(ended).toEqual([1, null])
  } finally {
    closeSync(unwritable)
  }
  const again = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  expect(JSON.parse(await text(again.stdout))).toMatchObject({ outcome: 'moved' })
})
