/** Where a message to an organisation leads on the desk: a place of the menu, or null. */

import { mayVisit, type Place } from '../parts/menu'

const PLACES: Record<string, Place> = { M10: 'reviews', M11: 'reviews', M14: 'reviews', M25: 'reviews', M33: 'sittings' }

export function placeOf(code: string, role: string): Place | null {
  const place = PLACES[code]
  return place !== undefined && mayVisit(place, role) ? place : null
}
