import type { ChildProcess } from 'node:child_process'
import type { Arguments } from './arguments.mjs'
import { ownCommand } from './own-command.ts'
import type { Event, Report } from './report/event.ts'
import { type Ended, runMain } from './run-main.ts'

interface Surroundings {
  report: Report
  interrupted: AbortSignal
}

/**
 * Starts the import three times and kills it twice: once at an arbitrary moment, and once at the worst moment.
 *
 * @returns the exit code
 */
export async function demonstrate(options: Arguments, { report, interrupted }: Surroundings): Promise<number> {
  const argv = ['--json', '--db', options.file, '--front-end', options.frontEnd, '--batch', String(options.batchSize)]
  if (options.source !== undefined) argv.push('--source', options.source)
  if (options.limit !== undefined) argv.push('--limit', String(options.limit))
  if (options.pause > 0) argv.push('--slow')

  const run = (more: string[], onEvent?: (event: Event, child: ChildProcess) => void) =>
    runMain(options.frontEnd, [...argv, ...more], {
      interrupted,
      onEvent: (event, child) => {
        // All runs start with the same event, so only the first one is shown.
        if (event.type !== 'started' || more.includes('--fresh')) report(event)
        onEvent?.(event, child)
      },
    })

  report({ type: 'step', text: 'A process starts to import, and is killed at some moment after the first third.' })
  let reported = 0
  // It hangs halfway, so that on any machine it still runs when it is killed.
  const first = await run(['--fresh', '--hang-after', '50'], (event, child) => {
    if (event.type !== 'progress') return
    reported = event.done
    if (reported >= event.total / 3) child.kill('SIGKILL')
  })
  if (interrupted.aborted) return 130
  // The process has printed the reason itself.
  if (first.code) return first.code
  expectKilled(first)
  report({ type: 'killed', reported })

  report({ type: 'step', text: 'A second process takes over. It is killed between a batch and its checkpoint.' })
  let rivalry: Promise<void> | undefined
  const second = await run(['--hang-after', '75'], (event, child) => {
    if (event.type !== 'hanging') return
    rivalry = rival(options, argv, { report, interrupted }).finally(() => child.kill('SIGKILL'))
    // Its failure is awaited below, once the killed process is gone.
    rivalry.catch(() => undefined)
  })
  await rivalry
  if (interrupted.aborted) return 130
  expectKilled(second)
  report({ type: 'killed' })

  report({ type: 'step', text: 'A third process takes over and is left alone.' })
  const { code } = await run([])
  if (code === 0)
    report({ type: 'step', text: `To stop and resume it by hand: ${ownCommand('--fresh', '--slow')}, then Ctrl-C.` })
  return code ?? 1
}

/** Starts the import a second time while another process is importing. */
async function rival(options: Arguments, argv: string[], { report, interrupted }: Surroundings): Promise<void> {
  report({ type: 'note', text: 'Meanwhile the same import is started once more, and says:' })
  let refused = false
  const { code } = await runMain(options.frontEnd, argv, {
    interrupted,
    onEvent: (event) => {
      report(event)
      if (event.type === 'locked') refused = true
    },
  })
  if (interrupted.aborted || (refused && code === 0)) return
  throw new Error(`two imports ran at once: the second one ended with exit code ${code} instead of stepping back`)
}

function expectKilled({ code, signal }: Ended): void {
  if (signal !== 'SIGKILL')
    throw new Error(`the process ended by itself, with exit code ${code}, before it could be killed`)
}
