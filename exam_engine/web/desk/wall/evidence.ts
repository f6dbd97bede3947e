/** All pictures of one candidate in the order taken, for the filmstrip, the chart and looking at two side by side. */

import type { Tile } from '../wire'
import type { CandidateView } from './shapes'

/** Where a picture stands when two are looked at together. */
export type Side = 'left' | 'right'

export interface Shot {
  picture: string
  atMs: number
  /** Empty for the reference photo. */
  at: string
  source: 'reference' | 'entry' | 'capture'
  /** What a capture shows; "" where nobody asked. */
  kind: string
  similarity: number | null
  /** Levels of the incidents that rest on it, the highest; 0: none. */
  level: number
}

export function shotsOf(seen: CandidateView): Shot[] {
  const levels = new Map<string, number>()
  for (const incident of seen.incidents) {
    for (const picture of incident.pictures) {
      levels.set(picture, Math.max(levels.get(picture) ?? 0, incident.level))
    }
  }
  const level = (picture: string): number => levels.get(picture) ?? 0
  const entries = seen.checks.flatMap((check) =>
    check.pictures.map((picture): Shot => ({
      picture,
      at: check.begun_at,
      atMs: Date.parse(check.begun_at),
      source: 'entry',
      kind: '',
      similarity: check.similarity,
      level: level(picture),
    })),
  )
  const captures = seen.captures.map((capture): Shot => ({
    picture: capture.picture,
    at: capture.at,
    atMs: Date.parse(capture.at),
    source: 'capture',
    kind: capture.kind,
    similarity: capture.similarity,
    level: level(capture.picture),
  }))
  return [...entries, ...captures].sort((one, other) => one.atMs - other.atMs)
}

export function referenceShot(seen: Pick<CandidateView, 'photo'>): Shot | null {
  if (seen.photo === '') return null
  return { picture: seen.photo, at: '', atMs: 0, source: 'reference', kind: '', similarity: null, level: 0 }
}

/** What the tile alone knows: shown until the details are there, so that nobody waits for a picture to look. */
export function newestOfTile(tile: Tile): Shot | null {
  const isCapture = tile.capture !== ''
  const picture = tile.capture || tile.picture
  if (picture === '') return null
  return {
    picture,
    at: isCapture ? (tile.capture_at ?? '') : '',
    atMs: 0,
    source: isCapture ? 'capture' : 'entry',
    kind: isCapture ? tile.face : '',
    similarity: isCapture ? tile.similarity : null,
    level: 0,
  }
}

export function referenceOfTile(tile: Tile): Shot | null {
  return referenceShot({ photo: tile.photo })
}

/** The newest picture: what the reference is compared with unless somebody chooses. */
export function newestShot(shots: readonly Shot[]): Shot | null {
  return shots[shots.length - 1] ?? null
}
