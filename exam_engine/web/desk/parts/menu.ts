/** The places of the desk a role may go to, in the order of the menu. The server decides; this only offers. */

/** What every day begins with stands in the bar itself; the rest is under headings. */
const DIRECT = ['sittings', 'reviews', 'cases', 'centre'] as const
const GROUPS = {
  people: ['roster', 'photos', 'retention'],
  items: ['bank', 'papers', 'item_stats'],
  outcomes: ['makeup', 'finals', 'statistics'],
  system: ['admin', 'audit'],
} as const

export type Group = keyof typeof GROUPS
export type Place = (typeof DIRECT)[number] | (typeof GROUPS)[Group][number]

export const GROUP_NAMES = Object.keys(GROUPS) as Group[]
export const PLACES: readonly Place[] = [...DIRECT, ...GROUP_NAMES.flatMap((group): readonly Place[] => GROUPS[group])]

const ROLES: Record<Place, ReadonlySet<string>> = {
  sittings: new Set(['invigilator', 'chief', 'agency', 'province', 'nation']),
  reviews: new Set(['institution', 'agency', 'province', 'nation']),
  cases: new Set(['invigilator', 'chief', 'agency', 'province']),
  centre: new Set(['invigilator', 'chief', 'agency', 'province', 'nation']),
  roster: new Set(['institution', 'province']),
  photos: new Set(['agency', 'province']),
  retention: new Set(['agency', 'province', 'nation']),
  bank: new Set(['author', 'nation']),
  papers: new Set(['agency', 'province', 'nation', 'author']),
  item_stats: new Set(['agency', 'province', 'nation', 'author']),
  makeup: new Set(['agency', 'province', 'nation']),
  finals: new Set(['agency', 'province', 'nation']),
  statistics: new Set(['institution', 'agency', 'province', 'nation']),
  admin: new Set(['province', 'nation']),
  audit: new Set(['auditor', 'province', 'nation']),
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

/** A link of the bar (`group` null, one place), or a heading with places under it. */
export interface Entry {
  group: Group | null
  places: Place[]
}

/** So many places fit into the bar at 1280 px without headings. */
const FLAT_MAX = 5

const link = (place: Place): Entry => ({ group: null, places: [place] })

export function menuOf(role: string): Entry[] {
  const places = placesOf(role)
  if (places.length <= FLAT_MAX) return places.map(link)
  const groups = GROUP_NAMES.map((group): Entry => ({ group, places: GROUPS[group].filter((place) => mayVisit(place, role)) }))
  return [
    ...DIRECT.filter((place) => mayVisit(place, role)).map(link),
    ...groups.filter((entry) => entry.places.length > 0).map((entry) => (entry.places.length > 1 ? entry : { ...entry, group: null })),
  ]
}
