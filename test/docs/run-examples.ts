import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProcess } from '../../scripts/run-process.mjs'
import { compiler, root } from '../../scripts/workspace.mjs'
import { runtimes } from '../matrix.mjs'
import { exampleRuntime } from './example-runtime.js'
import type { Example } from './extract-examples.js'

/** ms, for all examples of a runtime. */
export const RUNTIME_LIMIT = 150_000
const runInTurn = fileURLToPath(new URL('run-in-turn.mjs', import.meta.url))

/** Examples compiled with the workspace's TypeScript, because Node 20 can neither run TypeScript nor `await using`. */
export interface CompiledExamples extends AsyncDisposable {
  /** The errors of the compiler; empty if there are none. */
  readonly complaints: string
  /**
   * Runs an example in its own empty folder. The examples of a runtime share one process, which starts at the first call.
   *
   * @returns what that process printed.
   * @throws Error when the example does not end with code 0.
   */
  run(example: Example): Promise<string>
}

export async function compileExamples(examples: readonly Example[]): Promise<CompiledExamples> {
  // Below test/, so that imports resolve to the workspace packages and engines, as in an application.
  mkdirSync(join(root, 'test/.work'), { recursive: true })
  const work = mkdtempSync(join(root, 'test/.work/docs-'))
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }\n')
  for (const [index, { place, code }] of examples.entries()) {
    mkdirSync(join(work, `${index}`))
    // `export {}` makes each example a module. The comment with its location goes last, so that line numbers stay the same.
    writeFileSync(join(work, `${index}/example.ts`), `${code}\nexport {} // ${place}\n`)
  }
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    strict: true,
    skipLibCheck: true,
    types: ['node', 'bun'],
    typeRoots: [join(root, 'node_modules/@types')],
  }
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*/example.ts'] }))
  // On Node 24, which caches the compiled compiler, and not on the runtime of this process.
  const { exitCode, output } = await runProcess(
    runtimes.node24?.path ?? '',
    [...compiler, '-p', '.', '--pretty', 'false'],
    {
      cwd: work,
    },
  )
  const complaints = output.replaceAll(/^(\d+)\/example\.ts/gm, (path, index) => examples[Number(index)]?.place ?? path)

  const folderOf = (example: Example): string => join(work, `${examples.indexOf(example)}`)
  const processes = new Map<Runtime, Promise<ReadonlyMap<Example, Ended>>>()

  return {
    complaints: exitCode === 0 ? '' : complaints,

    async run(example) {
      const runtime = exampleRuntime(example.code)
      const together = examples.filter(({ code }) => exampleRuntime(code) === runtime)
      const running = processes.get(runtime) ?? runTogether(runtime, together, folderOf)
      processes.set(runtime, running)
      const ended = (await running).get(example)
      if (ended === undefined || !ended.well) throw new Error(`${example.place} ${ended?.output}`)
      return ended.output
    },

    async [Symbol.asyncDispose]() {
      rmSync(work, { recursive: true, force: true })
    },
  }
}

type Runtime = ReturnType<typeof exampleRuntime>

interface Ended {
  readonly well: boolean
  readonly output: string
}

/** Runs the remaining examples in another process if one ends the process, even if it should. */
async function runTogether(
  runtime: Runtime,
  examples: readonly Example[],
  folderOf: (example: Example) => string,
): Promise<ReadonlyMap<Example, Ended>> {
  const outcomes = new Map<Example, Ended>()
  // PGlite runs for a second, and optimizing its WebAssembly costs more than it saves.
  const options = runtime === 'bun' ? [] : ['--liftoff-only']
  while (outcomes.size < examples.length) {
    const left = examples.filter((example) => !outcomes.has(example))
    const args = [...options, runInTurn, ...left.map(folderOf)]
    const { exitCode, signal, output } = await runProcess(runtimes[runtime]?.path ?? '', args, {
      limit: RUNTIME_LIMIT,
    })
    const well = left.filter((example) => existsSync(join(folderOf(example), 'ended')))
    for (const example of well) outcomes.set(example, { well: true, output })
    const failed = left.find((example) => !well.includes(example))
    if (failed !== undefined && (exitCode !== 0 || well.length === 0)) {
      outcomes.set(failed, { well: false, output: `ended with ${exitCode ?? signal}:\n${output}` })
    }
  }
  return outcomes
}
