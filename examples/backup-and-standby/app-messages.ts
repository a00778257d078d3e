import type { Backup, CopyProgress } from '@go-go-scope/persistence-sqlite-node'

/** What each task of the app is given. */
interface Options {
  fill: undefined
  store: { from: number }
  backup: { path: string }
  missing: { first: number; last: number }
}

/** What it answers. `store` ends with the process. */
export interface Answers {
  fill: undefined
  store: never
  backup: Backup
  missing: number[]
}

export type Task = keyof Options

/** What main.ts tells the app. */
export interface ToApp<Name extends Task> {
  task: Name
  options: Options[Name]
}

/** What the app says. */
export type FromApp =
  | { acknowledged: number }
  | { progress: CopyProgress }
  | { failure: { code?: string; message: string } }
  | { task: Task | 'start'; answer?: unknown }
