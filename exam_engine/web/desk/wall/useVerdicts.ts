/** Verdicts of this visit, those that can still be taken back and those that did not arrive. */

import type { Problem } from '@shared/problem'
import { onScopeDispose, ref, type Ref, shallowRef } from 'vue'
import { wallHttp } from './http'
import { type Held, Verdicts } from './verdicts'

export interface VerdictsInUse {
  /** The newest that can still be taken back. */
  undoable: Ref<Held | null>
  failed: Ref<{ held: Held; problem: Problem } | null>
  /** The newest that was taken back. */
  undone: Ref<Held | null>
  /** Counts up with every change. */
  revision: Ref<number>
  put(held: Held): void
  undo(): Held | null
  flush(): void
  isHeld(incidentId: number): boolean
}

export function useVerdicts(sent: (held: Held) => void): VerdictsInUse {
  const undoable = shallowRef<Held | null>(null)
  const failed = shallowRef<{ held: Held; problem: Problem } | null>(null)
  const undone = shallowRef<Held | null>(null)
  const revision = ref(0)
  const verdicts = new Verdicts({
    send: async (held) => {
      await wallHttp.review(held.attemptId, held.verdict, [...held.incidentIds])
      sent(held)
    },
    changed: () => {
      undoable.value = verdicts.newest
      revision.value += 1
    },
    failed: (held, problem) => (failed.value = { held, problem }),
  })
  const flush = (): void => void verdicts.flush()

  window.addEventListener('pagehide', flush)
  onScopeDispose(() => {
    window.removeEventListener('pagehide', flush)
    flush()
  })
  return {
    undoable,
    failed,
    undone,
    revision,
    put: (held) => {
      failed.value = null
      verdicts.put(held)
    },
    undo: () => (undone.value = verdicts.undo()),
    flush,
    isHeld: (incidentId) => verdicts.isHeld(incidentId),
  }
}
