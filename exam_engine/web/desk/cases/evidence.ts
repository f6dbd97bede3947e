/** What a case rests on, picture by picture. */

import type { CaseView, IncidentRow } from '../wire'

export interface Exhibit {
  picture: string
  /** The incidents this picture belongs to; none: a person attached it. */
  incidents: IncidentRow[]
}

/** Every picture once: those of the incidents by time, then what people attached. */
export function exhibits(view: Pick<CaseView, 'incidents' | 'pictures'>): Exhibit[] {
  const found = new Map<string, Exhibit>()
  for (const incident of [...view.incidents].sort((one, other) => Date.parse(one.at) - Date.parse(other.at))) {
    for (const picture of incident.pictures) {
      const held = found.get(picture)
      if (held === undefined) found.set(picture, { picture, incidents: [incident] })
      else held.incidents.push(incident)
    }
  }
  for (const picture of view.pictures) if (!found.has(picture)) found.set(picture, { picture, incidents: [] })
  return [...found.values()]
}
