// Made by `npm run circuits`. Not edited.

export const PINS = {} as const
