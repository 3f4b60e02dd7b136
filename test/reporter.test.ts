import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { cleanEnvironment } from '../scripts/shell.js'
import { pathInRepository } from './support/repository.js'

interface Run {
  readonly status: number | null
  readonly lines: readonly string[]
  readonly lastLine: string | undefined
}

describe('a run of the tests', () => {
  it('that passes exits with 0', () => {
    expect(runSample('passes')).toMatchObject({ status: 0, lastLine: '3 passed, 0 failed, 0 skipped' })
  })

  it('lists why tests were skipped', () => {
    const { status, lines, lastLine } = runSample('skips')
    expect({ status, lastLine }).toEqual({ status: 0, lastLine: '1 passed, 0 failed, 2 skipped' })
    expect(lines).toContain(
      'skipped: skips.sample.ts: needs the folder of evidence that VOUCH_SAMPLES names (1)',
    )
    expect(lines).toContain('skipped: skips.sample.ts: no reason given (1)')
  })

  it('does not take what a failure stopped for skipped at will', () => {
    expect(runSample('broken-hook').lines).toContain(
      'skipped: broken-hook.sample.ts: what they build on failed (1)',
    )
  })

  it('with skips fails under VOUCH_NO_SKIP=1, and only with skips', () => {
    const strict = { VOUCH_NO_SKIP: '1' }
    expect(runSample('skips', strict)).toMatchObject({ status: 1, lastLine: '1 passed, 0 failed, 2 skipped' })
    expect(runSample('passes', strict).status).toBe(0)
  })

  it.each([
    ['fails', 'a test', '1 passed, 1 failed, 0 skipped'],
    ['unloadable', 'a file that does not load', '0 passed, 1 failed, 0 skipped'],
    ['broken-hook', 'a hook', '0 passed, 1 failed, 1 skipped'],
    ['stray', 'a stray rejection', '1 passed, 1 failed, 0 skipped'],
  ])('counts the failure of "%s": %s', (sample, _, lastLine) => {
    expect(runSample(sample)).toMatchObject({ status: 1, lastLine })
  })
})

function runSample(name: string, extra: Readonly<Record<string, string>> = {}): Run {
  const vitest = pathInRepository('node_modules/vitest/vitest.mjs')
  const args = [
    vitest,
    'run',
    '--config',
    pathInRepository('test/samples/vitest.config.ts'),
    `${name}.sample.ts`,
  ]
  const { VOUCH_NO_SKIP: _, VOUCH_SAMPLES: __, ...inherited } = cleanEnvironment()
  const env = { ...inherited, NO_COLOR: '1', ...extra }
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env })
  const lines = stdout.trimEnd().split('\n')
  return { status, lines, lastLine: lines.at(-1) }
}
