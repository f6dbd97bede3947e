/** The places of the desk a role may go to, in the order of the menu. The server decides; this only offers. */

export const PLACES = [
  'sittings',
  'reviews',
  'roster',
  'cases',
  'photos',
  'centre',
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
  cases: new Set(['invigilator', 'chief', 'agency', 'province']),
  photos: new Set(['agency', 'province']),
  centre: new Set(['invigilator', 'chief', 'agency', 'province', 'nation']),
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
