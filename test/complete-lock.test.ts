import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { completeLock, platformOf } from '../scripts/complete-lock.mjs'
import { pathInRepository } from './support/repository.js'

const committed = readFileSync(pathInRepository('package-lock.json'), 'utf8')

describe('the committed lock', () => {
  it('is complete: nothing is left to add', () => {
    expect(completeLock(JSON.parse(committed)).added).toEqual([])
  })

  it('names no registry, so that it installs from any', () => {
    expect(committed).not.toMatch(/https?:\/\/[^"]*\.tgz/)
    expect(committed).not.toMatch(/"resolved": "[a-z+]*:/)
  })

  it('agrees with what a name says of its platform, wherever npm wrote the entry itself', () => {
    const { packages } = JSON.parse(committed) as Parameters<typeof completeLock>[0]
    // A package that is not optional has all its platforms in itself.
    const prebuilt = Object.entries(packages).filter(([, { os, cpu, optional }]) => optional && (os ?? cpu))
    expect(prebuilt.length).toBeGreaterThan(20)
    for (const [location, { os, cpu }] of prebuilt) {
      expect(platformOf(location.replace(/^.*node_modules\//, '')), location).toMatchObject({
        ...(os === undefined ? {} : { os }),
        ...(cpu === undefined ? {} : { cpu }),
      })
    }
  })
})

describe('completeLock', () => {
  const lock = {
    packages: {
      '': { version: '0.1.0' },
      'node_modules/addon': {
        version: '1.0.0',
        dev: true,
        optionalDependencies: { '@addon/addon-linux-x64-musl': '1.0.0', '@addon/addon-win32-arm64': '1.0.0' },
      },
      'node_modules/@addon/addon-linux-x64-musl': { version: '1.0.0', optional: true },
    },
  }

  it('adds what is mentioned and missing, with the platform that its name states', () => {
    const { lock: completed, added } = completeLock(lock)
    expect(added).toEqual(['node_modules/@addon/addon-win32-arm64'])
    expect(completed.packages['node_modules/@addon/addon-win32-arm64']).toEqual({
      version: '1.0.0',
      dev: true,
      os: ['win32'],
      cpu: ['arm64'],
      optional: true,
    })
  })

  it('is idempotent, and leaves its argument alone', () => {
    const before = structuredClone(lock)
    const once = completeLock(lock).lock
    expect(completeLock(once)).toEqual({ lock: once, added: [] })
    expect(lock).toEqual(before)
  })

  it('places a second version below its dependant', () => {
    const packages = {
      'node_modules/old': { version: '1.0.0', optionalDependencies: { 'addon-darwin-x64': '1.0.0' } },
      'node_modules/young': { version: '2.0.0', optionalDependencies: { 'addon-darwin-x64': '2.0.0' } },
    }
    const completed = completeLock({ packages }).lock
    expect(completed.packages['node_modules/addon-darwin-x64']?.version).toBe('1.0.0')
    expect(completed.packages['node_modules/young/node_modules/addon-darwin-x64']?.version).toBe('2.0.0')
    expect(completeLock(completed).added).toEqual([])
  })

  it('finds what npm nested above the dependant', () => {
    const nested = 'node_modules/host/node_modules/addon'
    const packages = {
      [nested]: { version: '1.0.0', optionalDependencies: { 'addon-linux-arm': '1.0.0' } },
      'node_modules/host/node_modules/addon-linux-arm': { version: '1.0.0' },
    }
    expect(completeLock({ packages }).added).toEqual([])
  })

  it.each([
    ['a range', { 'addon-linux-x64': '^1.0.0' }, 'its version is not exact'],
    ['a name without a platform', { addon: '1.0.0' }, 'its name states no platform'],
  ])('refuses %s', (_, optionalDependencies, message) => {
    const packages = { 'node_modules/host': { version: '1.0.0', optionalDependencies } }
    expect(() => completeLock({ packages })).toThrow(message)
  })
})
