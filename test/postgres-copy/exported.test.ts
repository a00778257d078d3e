import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { answers, fillEveryKind } from './every-kind.js'
import { newPlace, onFile, onServer } from './moved-store.js'

proveCell()

const program = fileURLToPath(new URL('../../packages/cli/bin/scopedb.js', import.meta.url))

async function scopedb(...args: readonly string[]): Promise<{ code: number | null; err: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, err }
}

test('an export goes from a file to a server and back, with the answers of every port', async () => {
  const place = await newPlace()
  const url = new URL(serverUrl())
  url.searchParams.set('schema', place.schema)
  const file = await onFile(place.file)
  await fillEveryKind(file, 300)
  const expected = await answers(file)
  await file.disconnect()
  const [there, back] = [`${place.file}.there.jsonl`, `${place.file}.back.jsonl`]

  expect(await scopedb(place.file, 'export', there)).toMatchObject({ code: 0 })
  const early = await scopedb(url.href, 'import', there, '--yes')
  expect(early).toMatchObject({ code: 7, err: expect.stringContaining('migrate') })
  expect(await scopedb(url.href, 'migrate', '--yes')).toMatchObject({ code: 0 })
  expect(await scopedb(url.href, 'import', there, '--yes')).toMatchObject({ code: 0 })
  const server = await onServer(place)
  expect(await answers(server)).toEqual(expected)
  // The export has the time since when a circuit is open and the expiry of an entry, to the ms.
  expect(await scopedb(url.href, 'export', back)).toMatchObject({ code: 0 })
  expect(await comparable(back)).toEqual(await comparable(there))

  expect(await scopedb(`${place.file}.back`, 'import', back, '--yes')).toMatchObject({ code: 0 })
  expect(await answers(await onFile(`${place.file}.back`))).toEqual(expected)
})

test('a claim of a dead process is freed on a server', async () => {
  const place = await newPlace()
  const server = await onServer(place)
  const url = new URL(serverUrl())
  url.searchParams.set('schema', place.schema)
  const claim = await server.idempotency.claim('k', { lease: 3_600_000 })
  if (claim.state !== 'claimed') throw new Error(claim.state)
  const generation = ['--generation', String(claim.generation), '--prefix', 'shop:', '--yes']
  expect(await scopedb(url.href, 'claim', 'free', 'k', ...generation)).toEqual({ code: 0, err: 'k can be claimed\n' })
  expect(await claim.complete('late')).toMatchObject({ recorded: false, current: { state: 'vacant' } })
})

/** Returns the items in an order that is the same on both sides. */
async function comparable(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n').slice(1)
  return lines.map((line) => line.replace(/,"updatedAt":\d+/, '')).toSorted()
}
