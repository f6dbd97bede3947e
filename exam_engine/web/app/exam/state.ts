/** What the pages draw of one attempt: made anew after every change, never written to. */
import type { Body } from '@shared/frames'
import type { Problem } from '@shared/problem'
import type { AttemptView, Facts, PaperView } from '@shared/shapes'
import type { LineState } from './line'

/** Which page the physician belongs on. */
export type Stage =
  | 'loading'
  | 'trouble'
  | 'prepare'
  | 'portrait'
  | 'go'
  | 'exam'
  | 'superseded'
  | 'submitted'
  | 'score'
  | 'annulled'

export type Sign = 'saved' | 'saving' | 'held' | 'offline'

/** Something to tell once; `id` grows, so that the same thing twice is told twice. */
export interface Saying {
  id: number
  code: string
  facts: Facts
}

export interface ExamState {
  stage: Stage
  device: string
  view: AttemptView | null
  paper: PaperView | null
  answers: ReadonlyMap<number, string>
  marks: ReadonlySet<number>
  touched: ReadonlySet<number>
  line: LineState
  sign: Sign
  pending: number
  memoryOnly: boolean
  handingIn: boolean
  starting: boolean
  /** Notices acknowledged here, whose acknowledgement may still be on its way. */
  acknowledged: ReadonlySet<number>
  timeIsUp: boolean
  /** Whether the clock runs (it stands in a compensated pause). */
  ticking: boolean
  trouble: Problem | null
  lost: readonly Body[]
  saying: Saying | null
}

export function stageOf(view: AttemptView, lostToAnother: boolean): Stage {
  switch (view.phase) {
    case 'entered':
    case 'identity':
      return view.phase === 'identity' ? 'portrait' : 'prepare'
    case 'ready':
      return view.device === 'mine' ? 'go' : 'portrait'
    case 'running':
      if (view.device === 'mine') return 'exam'
      return lostToAnother ? 'superseded' : 'portrait'
    case 'submitted':
    case 'marked':
      return 'submitted'
    case 'released':
      return 'score'
    case 'annulled':
      return 'annulled'
  }
}

export function signOf(line: LineState, pending: number, held: boolean): Sign {
  if (line === 'down') return 'offline'
  if (pending === 0) return line === 'connecting' ? 'offline' : 'saved'
  if (held) return 'held'
  return line === 'connecting' ? 'offline' : 'saving'
}
