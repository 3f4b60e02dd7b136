export { start } from './registrar.js'
