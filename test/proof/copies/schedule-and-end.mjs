// schedule-and-end.mjs <engine> <folder>: starts a schedule in the folder, waits for its first backup, and does nothing else.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { say } from '@go-go-scope/persistence-conformance/process'
import { engine, processArguments } from '../process/engine-of-process.mjs'

const [folder = ''] = processArguments
const directory = join(folder, 'backups')
mkdirSync(directory)
const adapter = await engine.SQLiteAdapter.open(join(folder, 'app.db'))
const schedule = engine.BackupSchedule.start(adapter, { directory, every: 3_600_000 })
let backups = await schedule.list()
for (; backups.length === 0; backups = await schedule.list()) await pause(5)
say({ backups: backups.length })
