import { bindingTrials } from './bindings.js'
import { boundTrials } from './bounds.js'
import { enrollTrials } from './enroll.js'
import { choicesOf, respondFrom } from './scene.js'
import { fixedTreeTrials, serviceTreeTrials } from './trees.js'
import { respond, type Trial } from './trial.js'

export type { Trial } from './trial.js'

/** Every place of both programs where a hostile prover could write something else, each broken alone; and honest inputs. */
export function trials(): readonly Trial[] {
  return [
    respond('honest inputs are accepted', respondFrom(choicesOf(1))),
    respond('honest inputs are accepted, every leaf on the other side', respondFrom(choicesOf(2))),
    ...enrollTrials(),
    ...bindingTrials(),
    ...boundTrials(),
    ...fixedTreeTrials(),
    ...serviceTreeTrials(),
  ]
}
