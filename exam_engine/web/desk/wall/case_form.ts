/** What a case and a flag need before they are sent; the limits are the server's. */

import type { Allegation, IncidentRow } from './shapes'

export const CASE_WORDS_MIN = 5
export const CASE_WORDS_MAX = 2000
export const CASE_PICTURES_MAX = 50
export const FLAG_WORDS_MIN = 2
export const FLAG_WORDS_MAX = 500
export const FLAG_LEVELS = [1, 2, 3] as const

export const ALLEGATIONS: readonly Allegation[] = [
  'substitution',
  'helper',
  'materials',
  'leaving',
  'camera',
  'leaking',
  'organised',
  'other',
]

/** What a case would be about, by the rule of its gravest incident (as `proctor/rules.py` has it). */
const ABOUT: Record<string, Allegation> = {
  left_page: 'leaving',
  focus_lost: 'leaving',
  fullscreen_left: 'leaving',
  no_face: 'leaving',
  copy: 'materials',
  paste: 'materials',
  cut: 'materials',
  print: 'materials',
  screenshot_key: 'materials',
  camera_away: 'camera',
  frozen_picture: 'camera',
  poor_picture: 'camera',
  several_faces: 'helper',
  other_person: 'substitution',
}

export function likelyAllegation(incidents: readonly IncidentRow[]): Allegation {
  const gravest = [...incidents].sort((one, other) => other.level - one.level)[0]
  return (gravest === undefined ? undefined : ABOUT[gravest.rule]) ?? 'other'
}

export function wordsFit(text: string, min: number, max: number): boolean {
  const length = [...text.trim()].length
  return length >= min && length <= max
}

/** The pictures of the incidents and those chosen besides, each once. */
export function picturesOf(incidents: readonly IncidentRow[], chosen: readonly string[]): string[] {
  return [...new Set([...incidents.flatMap((incident) => incident.pictures), ...chosen])].slice(0, CASE_PICTURES_MAX)
}
