/** What the parts of the wall share beside the sitting's own context. */

import { inject, type InjectionKey, type Ref } from 'vue'
import type { Tile } from '../wire'
import type { IncidentRow } from './shapes'
import type { ClaimsInUse } from './useClaims'
import type { Proctoring } from './useProctoring'
import type { VerdictsInUse } from './useVerdicts'

/** What a case is opened with. */
export interface CaseAim {
  tile: Tile
  incidents: readonly IncidentRow[]
  pictures: readonly string[]
}

export interface WallContext {
  proctoring: Proctoring
  claims: ClaimsInUse
  verdicts: VerdictsInUse
  /** How many dialogs of the pages themselves are open: then the keyboard is theirs. */
  panels: Ref<number>
  openFlag(tiles: readonly Tile[]): void
  openCase(aim: CaseAim): void
}

export const wallKey: InjectionKey<WallContext> = Symbol('wall')

export function useWall(): WallContext {
  const context = inject(wallKey)
  if (context === undefined) throw new Error('only inside a sitting page')
  return context
}
