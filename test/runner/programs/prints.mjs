// Starts a program that would run for a minute, and keeps printing.
import '../../../scripts/end-with-reader.mjs'
import { runProcess } from '../../../scripts/run-process.mjs'

void runProcess(process.execPath, ['-e', 'console.log("started"); setTimeout(() => {}, 60_000)'], { inherit: true })
setInterval(() => console.log('line'), 20)
