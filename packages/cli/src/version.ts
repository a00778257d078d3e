import { readFile } from 'node:fs/promises'
import { write } from './output.js'

/** Prints the version of this package. */
export async function printVersion(): Promise<void> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  await write(`${(JSON.parse(manifest) as { version: string }).version}\n`)
}
