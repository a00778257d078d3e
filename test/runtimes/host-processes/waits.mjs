// Stays alive for what it waits for: the time-out of a scope with a running task, although nothing else would.
import { scope } from 'go-go-scope'

const s = scope({ timeout: 50 })
const [error] = await s.task(() => new Promise(() => {}))
console.log(error?.message)
