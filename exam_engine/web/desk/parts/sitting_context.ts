/** What all pages of one sitting share: the sitting, its live board, the acts of this visit. */

import { inject, type InjectionKey, type Ref } from 'vue'
import type { ActKind } from '../acts/kinds'
import type { SentActs } from '../acts/useSentActs'
import type { Board } from '../board/useBoard'
import type { DeskSitting, Tile } from '../wire'

export interface SittingContext {
  sittingId: number
  sitting: Ref<DeskSitting | null>
  role: string
  board: Board
  /** The board shows only the rooms this account holds, if it holds any. */
  onlyMine: Ref<boolean>
  /** Everybody's tiles, also those of rooms the board leaves out. */
  everybody(): Promise<readonly Tile[]>
  sent: SentActs
  /** Candidates who began to wait for an identity decision, and have not been looked at since. */
  newlyWaiting: Ref<number>
  /** Open the form of an act for these candidates; those it does not fit are left out and counted. */
  aimAt(kind: ActKind, tiles: readonly Tile[]): void
  aimAtEverybody(kind: ActKind): void
  /** Judge everybody who waits, one after the other. */
  judgeWaiting(): void
  openTimeline(attemptId: number): void
  /** A form or a drawer has the keyboard. */
  busy: Ref<boolean>
}

export const sittingKey: InjectionKey<SittingContext> = Symbol('sitting')

export function useSitting(): SittingContext {
  const context = inject(sittingKey)
  if (context === undefined) throw new Error('only inside a sitting page')
  return context
}
