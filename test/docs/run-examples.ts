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

/** Examples compiled with the workspace's TypeScript, because Node 20 reads no types and has no `await using`. */
export interface CompiledExamples extends AsyncDisposable {
  /** What the compiler says about them; empty when they are right. */
  readonly complaints: string
  /**
   * Runs one in an empty folder of its own, in the process of those that need the same runtime; they run when the first is
   * asked for.
   *
   * @returns what that process printed.
   * @throws Error when the example does not end with code 0.
   */
  run(example: Example): Promise<string>
}

export async function compileExamples(examples: readonly Example[]): Promise<CompiledExamples> {
  // Below test/, so that imports find the workspace packages and the engines as an application would find its own.
  mkdirSync(join(root, 'test/.work'), { recursive: true })
  const work = mkdtempSync(join(root, 'test/.work/docs-'))
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }\n')
  for (const [index, { place, code }] of examples.entries()) {
    mkdirSync(join(work, `${index}`))
    // Examples are modules, also those that import nothing. The place goes last, so that lines keep their numbers.
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
  // Not on the runtime of this process: Node 24 takes the compiler from its cache.
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

/** Those behind one that ends the process, rightly or not, get another. */
async function runTogether(
  runtime: Runtime,
  examples: readonly Example[],
  folderOf: (example: Example) => string,
): Promise<ReadonlyMap<Example, Ended>> {
  const outcomes = new Map<Example, Ended>()
  // PGlite runs for a second: to have its WebAssembly optimized costs more than it saves.
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
