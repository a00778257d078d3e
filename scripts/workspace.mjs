import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The pnpm version that installs and builds this workspace; package.json names the same version for other tools. */
export const pnpmVersion = '10.34.9'

/**
 * Returns the path of a tool's JavaScript entry. Tools are started as `process.execPath entry`, never by name: under `npm run`
 * the PATH begins with node_modules/.bin, whose `node` is not the Node that runs this script.
 */
export const tools = {
  biome: join(root, 'node_modules/@biomejs/biome/bin/biome'),
  rolldown: join(root, 'node_modules/rolldown/bin/cli.mjs'),
  tsc: join(root, 'node_modules/typescript/bin/tsc'),
  turbo: join(root, 'node_modules/turbo/bin/turbo'),
  vitest: join(root, 'node_modules/vitest/vitest.mjs'),
}

/** The compiler as arguments of Node, with one thread: each of its threads checks shared types, so one takes a third less CPU time. */
export const compiler = [tools.tsc, '--singleThreaded']
