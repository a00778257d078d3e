import { createPaint } from '../../scripts/paint.mjs'

const paint = createPaint(process.stdout)

/** Prints a fact. If it does not hold, the process will exit with 1. */
export function proved(fact: string, holds: boolean): void {
  console.log(`${holds ? paint('green', '✓') : paint('red', '✗')} ${fact}`)
  if (!holds) process.exitCode = 1
}
