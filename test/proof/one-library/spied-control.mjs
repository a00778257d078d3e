import { open } from 'node:fs/promises'

/** Opens a file as the family would if it did. @param {string} path */
export async function openAndClose(path) {
  await (await open(path)).close()
}
