import { execFileSync } from 'node:child_process'

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
  const cores = coresOfThreads()
  if (cores === undefined) {
    console.error(
      'taskset is missing: the CPU time of an owner is measured on all cores, where it is higher and varies',
    )
    return measure()
  }
  // Threads that start later inherit it.
  const [first] = cores.match(/\d+/)
  keepThreadsOn(first)
  try {
    return await measure()
  } finally {
    keepThreadsOn(cores)
  }
}

/** Returns the cores on which this thread may run, such as `0-3,6`; `undefined` where they cannot be restricted. */
function coresOfThreads() {
  try {
    return taskset('-cp', process.pid).trim().split(' ').at(-1)
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function keepThreadsOn(cores) {
  taskset('-acp', cores, process.pid)
}

// The short options are those that BusyBox has too.
function taskset(...args) {
  return execFileSync('taskset', args, { encoding: 'utf8' })
}
