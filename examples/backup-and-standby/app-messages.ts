import type { Backup, CopyProgress } from '@go-go-scope/persistence-sqlite-node'

/** The argument of each task of the app. */
interface Options {
  fill: undefined
  store: { from: number }
  backup: { path: string }
  missing: { first: number; last: number }
}

/** The answer of each task. `store` runs until the process ends. */
export interface Answers {
  fill: undefined
  store: never
  backup: Backup
  missing: number[]
}

export type Task = keyof Options

/** A message from main.ts to the app. */
export interface ToApp<Name extends Task> {
  task: Name
  options: Options[Name]
}

/** A message from the app to main.ts. */
export type FromApp =
  | { acknowledged: number }
  | { progress: CopyProgress }
  | { failure: { code?: string; message: string } }
  | { task: Task | 'start'; answer?: unknown }
