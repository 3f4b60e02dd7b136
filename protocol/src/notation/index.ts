// What formats are made of, for the packages that have formats of their own.

export { Reader, Writer } from './binary.js'
export type { Codec } from './codec.js'
export { decode, encode, mismatch, parseFile, printFile } from './codec.js'
export { choice, list, optional, optionalBytes, record, refined } from './composites.js'
export { boundedBytes, fieldElement, fixedBytes, flag, oneOf, text, uint, version } from './scalars.js'
