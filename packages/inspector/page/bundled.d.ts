/** The text that is sent to browsers. `rolldown.config.mjs` makes it from the files of this folder. */
declare module 'inspector:page' {
  export const html: string
  export const style: string
  export const script: string
}
