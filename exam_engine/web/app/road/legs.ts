/** The parts a result is made of, and what is known of each: never more than has been decided or released. */
import type { PaperListEntry } from '@shared/shapes'
import type { Home } from './shapes'

export interface Leg {
  code: 'work' | 'ethics' | 'humanities' | 'professional'
  word: 'pending' | 'qualified' | 'see_rating' | 'passed' | 'failed' | 'exempt' | 'not_needed' | 'released'
  points: number | null
  max: number | null
}

const bare = (code: Leg['code'], word: Leg['word']): Leg => ({ code, word, points: null, max: null })

/** Both were rated qualified when the evaluation passed; when it did not, the rating says which of them failed. */
function rated(home: Home): Leg['word'] {
  const state = home.files.find((file) => file.subject === 'evaluation')?.state
  return state === 'approved' ? 'qualified' : state === 'rejected' ? 'see_rating' : 'pending'
}

/** The make-up replaces the first attempt once it is released. */
function exam(kind: 'humanities' | 'professional', papers: readonly PaperListEntry[]): Leg {
  const mine = papers.filter((paper) => paper.kind === kind)
  if (mine.some((paper) => paper.status === 'exempt')) return bare(kind, 'exempt')
  const released = mine.filter((paper) => paper.points !== null)
  const last = released.find((paper) => paper.round === 'makeup') ?? released[0]
  if (!last) return bare(kind, 'pending')
  const word = last.passed === null ? 'released' : last.passed ? 'passed' : 'failed'
  return { code: kind, word, points: last.points, max: last.points_max }
}

export function legs(home: Home, papers: readonly PaperListEntry[]): Leg[] {
  const word = rated(home)
  const exempt = home.files.some((file) => file.subject === 'exemption' && file.state === 'approved')
  const simple = home.procedure === 'simple'
  const settled = simple ? 'not_needed' : exempt ? 'exempt' : null
  const professional = settled ? bare('professional', settled) : exam('professional', papers)
  return [bare('work', word), bare('ethics', word), exam('humanities', papers), professional]
}
