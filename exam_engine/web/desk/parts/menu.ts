/** The places of the desk a role may go to, in the order of the menu. The server decides; this only offers. */

export const PLACES = [
  'sittings',
  'reviews',
  'roster',
  'bank',
  'makeup',
  'papers',
  'finals',
  'cases',
  'photos',
  'centre',
  'item_stats',
  'statistics',
  'admin',
  'audit',
  'retention',
] as const
export type Place = (typeof PLACES)[number]

const ROLES: Record<Place, ReadonlySet<string>> = {
  sittings: new Set(['invigilator', 'chief', 'agency', 'province', 'nation']),
  reviews: new Set(['institution', 'agency', 'province', 'nation']),
  roster: new Set(['institution', 'province']),
  bank: new Set(['author', 'nation']),
  makeup: new Set(['agency', 'province', 'nation']),
  papers: new Set(['agency', 'province', 'nation', 'author']),
  finals: new Set(['agency', 'province', 'nation']),
  cases: new Set(['invigilator', 'chief', 'agency', 'province']),
  photos: new Set(['agency', 'province']),
  centre: new Set(['invigilator', 'chief', 'agency', 'province', 'nation']),
  item_stats: new Set(['agency', 'province', 'nation', 'author']),
  statistics: new Set(['institution', 'agency', 'province', 'nation']),
  admin: new Set(['province', 'nation']),
  audit: new Set(['auditor', 'province', 'nation']),
  retention: new Set(['agency', 'province', 'nation']),
}

export function mayVisit(place: Place, role: string): boolean {
  return ROLES[place].has(role)
}

export function placesOf(role: string): Place[] {
  return PLACES.filter((place) => mayVisit(place, role))
}

/** Where a role begins: the first of its places. A role the desk has nothing for sees why at the sittings. */
export function landingOf(role: string): Place {
  return placesOf(role)[0] ?? 'sittings'
}
