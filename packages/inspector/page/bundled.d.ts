/** What `rolldown.config.mjs` makes of the files of this folder: the text that a browser is sent. */
declare module 'inspector:page' {
  export const html: string
  export const style: string
  export const script: string
}
