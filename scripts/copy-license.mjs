/** Puts the licence beside the package that is being packed: npm ships only what lies in the package's own folder. */
import { copyFileSync } from 'node:fs'

copyFileSync(new URL('../LICENSE', import.meta.url), 'LICENSE')
