import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { defineConfig } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

/** @type {{ exports: Record<string, string | { [condition: string]: string }>, dependencies?: object, peerDependencies?: object }} */
const { exports, dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

const targets = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : Object.entries(target)))
const needed = new Set(Object.keys({ ...dependencies, ...peerDependencies }))
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
const external = (specifier) => /^(node:|bun:|worker_threads$)/.test(specifier) || needed.has(packageOf(specifier))

/** The sources of the targets that `isWanted`, by their names in `dist`. */
function entries(isWanted) {
  const paths = targets.filter(([condition]) => isWanted(condition)).map(([, path]) => path)
  const names = paths.map((path) => path.replace(/^\.\/dist\/(.*?)(\.d)?\.[jt]s$/, '$1'))
  return Object.fromEntries(names.map((name) => [name, `src/${name}.ts`]))
}

/** Modules that a thread loads for its job, the least first: what others share with them is in files of its own. */
const inThreads = ['engine', 'file-jobs']

/** Modules that entries share are in the file of the first group that takes them. */
const groups = [...inThreads.map(sharedWith), { name: 'shared' }].map((group, at) => ({
  ...group,
  minShareCount: 2,
  priority: inThreads.length - at,
}))

/**
 * @param {string} user the name of a module
 * @returns {import('rolldown').CodeSplittingGroup} of what it imports, and of what that imports
 */
function sharedWith(user) {
  const name = `shared-${user}`
  return {
    debugName: name,
    name(id, context) {
      const users = new Set([id])
      for (const one of users) for (const importer of context.getModuleInfo(one)?.importers ?? []) users.add(importer)
      return [...users].some((path) => basename(path, '.ts') === user) ? name : null
    },
  }
}

/**
 * Of the package in the current folder, one file for each export and one that they share, first of its code and then of its
 * types.
 */
export default defineConfig([
  {
    // A runtime that finds, reads and links a hundred modules spends most of the start of a short process on it.
    input: entries((condition) => condition !== 'types'),
    external,
    platform: 'node',
    // The name of each source would be a comment above its code. The source map has it.
    experimental: { attachDebugInfo: 'none' },
    output: {
      dir: 'dist',
      format: 'esm',
      entryFileNames: '[name].js',
      // A module that is imported later, at the first use, is no entry and nothing shared.
      chunkFileNames: ({ name }) => (name.startsWith('shared') ? '[name].js' : 'later-[name].js'),
      // The types have them; here they would be read at each start of a process or thread, and are a fifth of the text.
      comments: { jsdoc: false },
      codeSplitting: { groups },
      // The types are written beside these afterwards.
      cleanDir: true,
      // With the sources in them: what a debugger and a trace of the stack show is what was written.
      sourcemap: true,
    },
  },
  {
    // What no export names is no type of the package, and an editor that reads one file finds the rest at once.
    input: entries((condition) => condition === 'types'),
    external,
    // From each source by itself, as `isolatedDeclarations` asks: no compiler runs in a build. `npm run check` runs it.
    plugins: [dts({ dtsOnly: true, generator: 'oxc' })],
    output: {
      dir: 'dist',
      format: 'esm',
      chunkFileNames: 'shared.d.ts',
      codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
      // Names of types, which people read.
      minifyInternalExports: false,
    },
  },
])
