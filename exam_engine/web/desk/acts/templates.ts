/** Sentences offered for each act, by their keys under `desk.template.` in the words. */

import type { ActKind } from './kinds'

export const TEMPLATES: Record<ActKind, readonly string[]> = {
  warn: ['face_camera', 'alone', 'no_devices', 'no_switching', 'bright_light', 'no_mask'],
  message: ['time_left', 'saved_offline', 'stay_calm', 'call_office'],
  pause: ['incident', 'network', 'unwell'],
  resume: [],
  extend: ['network_compensation', 'incident_compensation', 'accommodation'],
  lock: ['not_himself', 'face_gone', 'verify'],
  unlock: [],
  force: ['violation', 'substitute', 'candidate_asked'],
  accept: [],
  refuse: ['not_matching', 'not_clear', 'covered', 'several_faces'],
  annul: ['annul_violation', 'annul_failure'],
}
