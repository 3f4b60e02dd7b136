import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DECLARED, declaredNames, metricsIn } from './support/declared-metrics.js'
import { needs } from './support/needs.js'
import { pathInRepository, readInRepository } from './support/repository.js'

// What an operator is woken by and looks at: alerts by the rules of Prometheus, and a dashboard for Grafana.

const RULES = 'deploy/alerts/vouch.rules.yml'
const CASES = 'deploy/alerts/vouch.rules.test.yml'
const DASHBOARD = 'deploy/grafana/vouch.json'

const run = promisify(execFile)
const inAlerts = { cwd: pathInRepository('deploy/alerts') }

/** Every metric of ours that a text names. */
const namedIn = (text: string): readonly string[] => [
  ...new Set(text.match(/\bvouch_[a-z0-9_]+/g)?.map((name) => name.replace(/_(bucket|sum|count)$/, ''))),
]

const alertsIn = (file: string, member: 'alert' | 'alertname'): readonly string[] =>
  [...readInRepository(file).matchAll(new RegExp(`\\b${member}: (\\w+)`, 'g'))].map(([, name = '']) => name)

interface Panel {
  readonly id: number
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly expr: string }[]
}

const dashboard = JSON.parse(readInRepository(DASHBOARD)) as { readonly panels: readonly Panel[] }
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))

describe('the alert rules', () => {
  test('fire when they should, and then alone', async (context) => {
    needs.promtool(context)
    await run('promtool', ['check', 'rules', 'vouch.rules.yml'], inAlerts)
    await run('promtool', ['test', 'rules', 'vouch.rules.test.yml'], inAlerts)
  })

  test('have each a case in which they fire, and one in which they do not', () => {
    const alerts = alertsIn(RULES, 'alert')
    expect(alerts.length).toBeGreaterThan(10)
    const quiet = [...readInRepository(CASES).matchAll(/\{ eval_time: \w+, alertname: (\w+) \}/g)]
    const fired = [...readInRepository(CASES).matchAll(/alertname: (\w+)\n +exp_alerts:/g)]
    for (const found of [quiet, fired])
      expect([...new Set(found.map(([, name = '']) => name))].sort()).toEqual([...alerts].sort())
    expect(new Set(alertsIn(CASES, 'alertname')).size).toBe(alerts.length)
  })

  test('and the dashboard name metrics that programs show, and no others', () => {
    const named = namedIn(readInRepository(RULES))
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !declaredNames.has(name))).toEqual([])
    expect(namedIn(expressions.join('\n')).filter((name) => !declaredNames.has(name))).toEqual([])
  })

  test('name values of labels that the metrics have', () => {
    const values = new Set(
      metricsIn(Object.values(DECLARED).flat()).flatMap(({ labels = {} }) => Object.values(labels).flat()),
    )
    const compared = [...readInRepository(RULES).matchAll(/(?:code|outcome|step)=~?"([^"]+)"/g)]
    const patterns = compared.flatMap(([, text = '']) => text.split('|'))
    expect(patterns.length).toBeGreaterThan(5)
    for (const pattern of patterns) {
      const isKnown = [...values].some((value) => new RegExp(`^${pattern}$`).test(value))
      expect([pattern, isKnown]).toEqual([pattern, true])
    }
  })
})

describe('the dashboard', () => {
  test('shows every metric that the programs have', () => {
    const shown = namedIn(expressions.join('\n'))
    expect([...declaredNames].filter((name) => !shown.includes(name))).toEqual([])
  })

  test('has expressions that Prometheus takes', async (context) => {
    needs.promtool(context)
    const written = expressions.map((expr) => expr.replaceAll('$instance', '.+'))
    const rules = written.map((expr, i) => ({ record: `vouch:panel_${i}`, expr }))
    const file = join(await mkdtemp(join(tmpdir(), 'vouch-panels-')), 'rules.yml')
    onTestFinished(() => rm(dirname(file), { recursive: true, force: true }))
    await writeFile(file, JSON.stringify({ groups: [{ name: 'panels', rules }] })) // JSON is YAML
    expect((await run('promtool', ['check', 'rules', file])).stdout).toContain(`${rules.length} rules found`)
  })

  test('has panels that lie beside one another', () => {
    const places = dashboard.panels.map(({ gridPos }) => gridPos)
    expect(places.every(({ x, w }) => x + w <= 24)).toBe(true)
    const overlapping = places.filter((a) =>
      places.some((b) => a !== b && a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h),
    )
    expect(overlapping).toEqual([])
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })
})
