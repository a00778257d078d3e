import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.work', import.meta.url))

/** Holds the files of a run. It is within the repository, because /tmp may be in memory, where a flush costs nothing. */
export function workFolder() {
  mkdirSync(folder, { recursive: true })
  return folder
}
