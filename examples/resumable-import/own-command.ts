import { relative } from 'node:path'

/**
 * Returns the command that started this process, as a person would type it to continue: without `--fresh` and `--demo`, and
 * with `more`.
 */
export function ownCommand(...more: string[]): string {
  const given = process.argv.slice(2).filter((argument) => argument !== '--fresh' && argument !== '--demo')
  const flags = [...new Set([...given, ...more])]
  if (process.env.npm_lifecycle_event === 'start')
    return ['npm start', ...(flags.length > 0 ? ['--', ...flags] : [])].join(' ')
  // Without `--front-end`, the runtime decides which one is used.
  const runtime = process.versions.bun !== undefined && !given.includes('--front-end') ? 'bun' : 'node'
  return [runtime, ...process.execArgv, relative('', process.argv[1] ?? 'main.ts'), ...flags].join(' ')
}
