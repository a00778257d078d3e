import { spawn } from 'node:child_process'
import { availableParallelism, constants, setPriority } from 'node:os'

// It ends with its parent, however that ends.
const LOOP = `while (process.ppid === ${process.pid});`

/**
 * Keeps the cores from sleeping, by a loop of the lowest priority on each: waking a core that sleeps takes tens of µs on a
 * virtual machine, as long as a hundred gets, and how often it happens is up to chance.
 *
 * @returns ends the loops
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
