/** How the face models are, in one word, and how much it should worry. */

import type { Tone } from './face'
import type { VisionView } from './shapes'

const QUEUE_MIN = 3 // fewer in the queue are just passing through

export type VisionState = 'fine' | 'queue' | 'fewer' | 'none' | 'down' | 'slow'

const SHOWN: Record<VisionState, { tone: Tone; sign: string }> = {
  fine: { tone: 'good', sign: '●' },
  queue: { tone: 'calm', sign: '◐' },
  fewer: { tone: 'warn', sign: '◐' },
  slow: { tone: 'warn', sign: '◐' },
  down: { tone: 'bad', sign: '○' },
  none: { tone: 'warn', sign: '○' },
}

export function visionState(view: VisionView): { state: VisionState; tone: Tone; sign: string } {
  const state = stateOf(view)
  return { state, ...SHOWN[state] }
}

function stateOf(view: VisionView): VisionState {
  if (view.reason === 'none' || view.reason === 'slow') return view.reason
  if (view.reason !== '') return 'down' // also for a reason that a newer server knows: nobody is checked
  if (view.workers_alive < view.workers) return 'fewer'
  return view.waiting >= QUEUE_MIN ? 'queue' : 'fine'
}
