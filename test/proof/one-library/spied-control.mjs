import { open } from 'node:fs/promises'

/** Opens a file through node:fs, to show that the spies record it. @param {string} path */
export async function openAndClose(path) {
  await (await open(path)).close()
}
