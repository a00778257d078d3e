import { fileURLToPath } from 'node:url'
import { LineProcess } from '@go-go-scope/persistence-conformance/process'
import { runtimes } from '../../matrix.mjs'
import type { Member } from './members.js'

/** A process that runs a script of test/proof; the URL of its engine's module is the first argument. */
export class ProofProcess extends LineProcess {
  constructor(member: Member, script: URL, args: readonly (string | number)[] = [], env: Record<string, string> = {}) {
    const runtime = runtimes[member.runtime]
    if (runtime === undefined) throw new Error(`no runtime ${member.runtime}`)
    super({ runtime: runtime.path, args: [fileURLToPath(script), member.module.href, ...args.map(String)], env })
  }
}
