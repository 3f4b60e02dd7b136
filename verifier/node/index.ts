// The public names of this package under Node, besides those of `@vouch/verifier`.

export { folderSeen } from './seen-folder.js'
