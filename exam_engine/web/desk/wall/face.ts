/** What a capture shows and how like the reference it is, as signs and words; never by colour alone. */

export type Tone = 'good' | 'warn' | 'bad' | 'calm' | ''

interface FaceSign {
  sign: string
  tone: Tone
}

const SIGNS: Record<string, FaceSign> = {
  same: { sign: '✓', tone: 'good' },
  other: { sign: '✗', tone: 'bad' },
  no_face: { sign: '○', tone: 'warn' },
  several: { sign: '2+', tone: 'bad' },
  covered: { sign: '■', tone: 'bad' },
  frozen: { sign: '‖', tone: 'warn' },
  poor: { sign: '~', tone: 'warn' },
  unjudged: { sign: '?', tone: '' },
  unreadable: { sign: '⚠', tone: 'warn' },
}
export const FACES: readonly string[] = Object.keys(SIGNS)

/** A kind that a newer server knows and this page doesn't is shown as a question, not hidden. */
export function faceSign(kind: string): FaceSign {
  return SIGNS[kind] ?? { sign: '?', tone: '' }
}

export const LIKE_MIN = 75 // domain.md §7.2: from here on the same person
export const DOUBT_MIN = 60 // and from here on for a person to judge

export type Likeness = 'like' | 'doubt' | 'unlike'

export function likeness(similarity: number): Likeness {
  if (similarity >= LIKE_MIN) return 'like'
  return similarity >= DOUBT_MIN ? 'doubt' : 'unlike'
}

export const LIKENESS_TONE: Record<Likeness, Tone> = { like: 'good', doubt: 'warn', unlike: 'bad' }

export const LEVEL_TONE: Record<number, Tone> = { 1: 'calm', 2: 'warn', 3: 'bad', 4: 'bad' }
