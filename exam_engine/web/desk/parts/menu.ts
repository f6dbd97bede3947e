/** The places of the desk a role may go to, in the order of the menu. The server decides; this only offers. */

export const PLACES = ['sittings', 'cases', 'photos', 'centre', 'retention'] as const
export type Place = (typeof PLACES)[number]

const ROLES: Record<Place, ReadonlySet<string>> = {
  sittings: new Set(['invigilator', 'chief', 'agency', 'province', 'nation']),
  cases: new Set(['invigilator', 'chief', 'agency', 'province']),
  photos: new Set(['agency', 'province']),
  centre: new Set(['invigilator', 'chief', 'agency', 'province', 'nation']),
  retention: new Set(['agency', 'province', 'nation']),
}

export function mayVisit(place: Place, role: string): boolean {
  return ROLES[place].has(role)
}

export function placesOf(role: string): Place[] {
  return PLACES.filter((place) => mayVisit(place, role))
}
