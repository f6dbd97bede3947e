/** Which acts stand on a tile itself, most wanted first; the rest is in the bar for chosen candidates. */

import { type ActKind, fits, mayDo } from '../acts/kinds'
import type { Tile } from '../wire'

const ON_TILE: readonly ActKind[] = ['accept', 'refuse', 'warn', 'resume', 'pause', 'extend', 'unlock', 'lock']
const ROOM = 4

export function deedsFor(tile: Tile, role: string): ActKind[] {
  return ON_TILE.filter((kind) => mayDo(kind, role) && fits(kind, tile)).slice(0, ROOM)
}
