import { readFileSync } from 'node:fs'
import { defineConfig } from 'rolldown'

/** @type {{ exports: Record<string, string | { [condition: string]: string }>, dependencies?: object, peerDependencies?: object }} */
const { exports, dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

const names = Object.values(exports)
  .flatMap((target) => (typeof target === 'string' ? [] : Object.entries(target)))
  .filter(([condition]) => condition !== 'types')
  .map(([, path]) => path.replace(/^\.\/dist\/(.*)\.js$/, '$1'))
const needed = new Set(Object.keys({ ...dependencies, ...peerDependencies }))
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')

/**
 * One file per export of the package in the current folder, and one that they share: a runtime that finds, reads and
 * links a hundred modules spends most of the start of a short process on it.
 */
export default defineConfig({
  input: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
  external: (specifier) => /^(node|bun):/.test(specifier) || needed.has(packageOf(specifier)),
  platform: 'node',
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared.js',
    // The types have them; here they would be read at each start of a process or thread, and are a fifth of the text.
    comments: { jsdoc: false },
    codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
    // The types are written beside these afterwards.
    cleanDir: true,
    // With the sources in them: what a debugger and a trace of the stack show is what was written.
    sourcemap: true,
  },
})
