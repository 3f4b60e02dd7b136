import type { Area } from './areas.js'
import type { Result } from './run.js'

/** One line for each area: mutants, outcomes, seconds. */
export function summary(
  areas: readonly Pick<Area, 'name' | 'holds'>[],
  { judged, left }: Result,
): readonly string[] {
  const lines = areas.flatMap(({ name, holds }) => {
    const here = judged.filter(({ mutant }) => holds(mutant.file))
    const of = (outcome: string): number => here.filter((verdict) => verdict.outcome === outcome).length
    const seconds = Math.round(here.reduce((sum, verdict) => sum + verdict.seconds, 0))
    const stillborn = of('stillborn') === 0 ? '' : `, ${of('stillborn')} more do not compile`
    const mutants = here.length - of('stillborn')
    return here.length === 0
      ? []
      : [
          `${name}: ${mutants} mutants, ${of('killed')} killed, ${of('survived')} survived, ${seconds} s${stillborn}`,
        ]
  })
  return left === 0 ? lines : [...lines, `${left} mutants not tried`]
}
