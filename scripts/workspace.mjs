import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The one pnpm this workspace is installed and built with; package.json names the same version for other tools. */
export const pnpmVersion = '10.34.9'

/**
 * Path of a tool's JavaScript entry. Tools are started as `process.execPath entry`, never by name: under `npm run` the
 * PATH begins with node_modules/.bin, and whatever is called `node` there is not the Node that runs this script.
 */
export const tools = {
  biome: join(root, 'node_modules/@biomejs/biome/bin/biome'),
  rolldown: join(root, 'node_modules/rolldown/bin/cli.mjs'),
  tsc: join(root, 'node_modules/typescript/bin/tsc'),
  turbo: join(root, 'node_modules/turbo/bin/turbo'),
  vitest: join(root, 'node_modules/vitest/vitest.mjs'),
}

/** The compiler for one program, as arguments of Node: its threads each check the types that they share, so one takes a third less. */
export const compiler = [tools.tsc, '--singleThreaded']
