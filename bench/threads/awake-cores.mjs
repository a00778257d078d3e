import { spawn } from 'node:child_process'
import { availableParallelism, constants, setPriority } from 'node:os'

// It ends with its parent, however the parent ends.
const LOOP = `while (process.ppid === ${process.pid});`

/**
 * Keeps the cores awake by a loop of the lowest priority on each. On a virtual machine, waking a sleeping core takes tens of µs,
 * as long as a hundred gets, and how often it happens is random.
 *
 * @returns a function that ends the loops
 */
export function keepCoresAwake() {
  const loops = Array.from({ length: availableParallelism() }, () => {
    const loop = spawn(process.execPath, ['-e', LOOP], { stdio: 'ignore' })
    setPriority(loop.pid, constants.priority.PRIORITY_LOW)
    return loop
  })
  return () => {
    for (const loop of loops) loop.kill('SIGKILL')
  }
}
