import { open } from 'node:fs/promises'

const PAGE_BYTES = 4_096

/** Overwrites a file from its second page on, as a failing disk might. No process may have it open. */
export async function damage(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const { size } = await file.stat()
  const garbage = Buffer.alloc(PAGE_BYTES, 0xa5)
  for (let at = PAGE_BYTES; at < size; at += PAGE_BYTES) await file.write(garbage, 0, PAGE_BYTES, at)
  await file.close()
}
