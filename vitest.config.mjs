/** @type {import('vitest/config').ViteUserConfig} */
export default {
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/.work/**'],
    setupFiles: ['test/harness/record-runtime.ts', 'test/harness/keep-to-core.ts'],
    ...(/^postgres:(?!pglite)/.test(process.env.CELL ?? '') && {
      globalSetup: ['test/postgres/server/global-setup.mjs'],
    }),
    // Forks, because the engines are native modules and some are not safe in several threads of one process.
    pool: 'forks',
    // A forgotten .only would hide every other test.
    allowOnly: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Built already, so that vitest has nothing to do with them: what it inlines it transforms anew in each run, and it looks
    // up each imported name at each use. The suites run in the same form as in the processes that they start.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    // Several runs share this checkout: what one has found out about the order of test files is of no use to the others.
    cache: false,
  },
}
