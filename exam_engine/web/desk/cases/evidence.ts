/** What a case rests on, picture by picture; and which links to ask for. */

import type { CaseView, IncidentRow, PictureLinks } from '../wire'

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

/** Faces are for those who watch and decide the attempt, not for a province (domain.md §7.5). */
const LOOKERS: ReadonlySet<string> = new Set(['invigilator', 'chief', 'agency'])

export function maySeePictures(role: string): boolean {
  return LOOKERS.has(role)
}

const LINKS_MAX = 400 // in one request, as the server takes them
const SPARE_MS = 10_000 // a link must outlive the picture's way here

/** Links to pictures as far as known, and how long they are good. */
export interface Links {
  urls: ReadonlyMap<string, string>
  untilMs: number
}

export const NO_LINKS: Links = { urls: new Map(), untilMs: 0 }

/** Which of `pictures` need asking for, in requests the server takes. */
export function toAsk(pictures: readonly string[], links: Links, nowMs: number): string[][] {
  const stale = nowMs > links.untilMs - SPARE_MS
  const wanted = [...new Set(pictures)].filter((picture) => picture !== '' && (stale || !links.urls.has(picture)))
  const requests: string[][] = []
  for (let at = 0; at < wanted.length; at += LINKS_MAX) requests.push(wanted.slice(at, at + LINKS_MAX))
  return requests
}

/** The links after an answer: all are as good as the one that ends first. */
export function withAnswer(links: Links, answer: PictureLinks, nowMs: number): Links {
  const kept = nowMs > links.untilMs - SPARE_MS ? NO_LINKS : links
  const urls = new Map(kept.urls)
  for (const link of answer.links) urls.set(link.picture, link.url)
  const until = Date.parse(answer.until)
  return { urls, untilMs: kept.urls.size === 0 ? until : Math.min(kept.untilMs, until) }
}
