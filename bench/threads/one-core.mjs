import { execFileSync } from 'node:child_process'

/**
 * Runs `measure` with all threads of this process on one core, those of an engine too. A message that wakes a thread on another
 * core takes a virtual machine about 45 µs of the sender's time, a quarter to a half of what a hundred calls take; on the same
 * core it takes 8 to 14 µs. Which of the two it is changes within a run. Only Linux can do that; elsewhere it just runs.
 *
 * @template Found
 * @param {() => Promise<Found>} measure
 */
export async function onOneCore(measure) {
  if (process.platform !== 'linux') return measure()
  const taskset = (...args) => execFileSync('taskset', ['--cpu-list', '--pid', ...args], { encoding: 'utf8' })
  const pid = String(process.pid)
  const cores = taskset(pid).trim().split(' ').at(-1)
  const [first] = cores.match(/\d+/)
  // Threads that start later inherit it.
  taskset('--all-tasks', first, pid)
  try {
    return await measure()
  } finally {
    taskset('--all-tasks', cores, pid)
  }
}
