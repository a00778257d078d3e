import { allowedCores, keepTo } from '../../scripts/test-run/cores.mjs'

/**
 * Runs `measure` with all threads of this process on one core, those of an engine too. A message that wakes a thread on another
 * core takes a virtual machine about 45 µs of the sender's time, a quarter to a half of what a hundred calls take; on the same
 * core it takes 8 to 14 µs. Which of the two it is changes within a run.
 *
 * Without the program `taskset`, which only Linux has, the threads run on any core, and a line on stderr says so.
 *
 * @template Found
 * @param {() => Promise<Found>} measure
 */
export async function onOneCore(measure) {
  const cores = allowedCores()
  if (!keepTo(cores.slice(0, 1))) {
    console.error(
      'taskset did not work: the CPU time of an owner is measured on all cores, where it is higher and varies',
    )
    return measure()
  }
  try {
    return await measure()
  } finally {
    keepTo(cores)
  }
}
