declare module 'virtual:files' {
  /** Path → bytes in base64. Files of the project by their place in it, others by their absolute path. */
  export const FILES: Readonly<Record<string, string>>
}
