import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProcess } from '../../scripts/run-process.mjs'
import { root, tools } from '../../scripts/workspace.mjs'
import { runtimes } from '../matrix.mjs'
import { exampleRuntime } from './example-runtime.js'
import type { Example } from './extract-examples.js'

/** ms */
const EXAMPLE_LIMIT = 80_000

/** Examples compiled with the workspace's TypeScript, because Node 20 reads no types and has no `await using`. */
export interface CompiledExamples extends AsyncDisposable {
  /** What the compiler says about them; empty when they are right. */
  readonly complaints: string
  /** Runs one in an empty folder of its own. @returns its output. @throws Error when it does not end with code 0. */
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
  const { exitCode, output } = await runProcess(process.execPath, [tools.tsc, '-p', '.', '--pretty', 'false'], {
    cwd: work,
  })
  const complaints = output.replaceAll(/^(\d+)\/example\.ts/gm, (path, index) => examples[Number(index)]?.place ?? path)

  return {
    complaints: exitCode === 0 ? '' : complaints,

    async run(example) {
      const runtime = runtimes[exampleRuntime(example.code)]
      const folder = join(work, `${examples.indexOf(example)}`)
      const ended = await runProcess(runtime?.path ?? '', ['example.js'], { cwd: folder, limit: EXAMPLE_LIMIT })
      if (ended.exitCode !== 0) {
        throw new Error(`${example.place} ended with ${ended.exitCode ?? ended.signal}:\n${ended.output}`)
      }
      return ended.output
    },

    async [Symbol.asyncDispose]() {
      rmSync(work, { recursive: true, force: true })
    },
  }
}
