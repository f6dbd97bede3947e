/** Follows the acts of this visit until every device has them, or long enough. */

import { onScopeDispose, type Ref, shallowRef } from 'vue'
import { http } from '../http'
import { serverNowMs } from '../present'
import type { Draft } from './draft'
import { isFollowed, remember, type SentAct, updated } from './sent'

const FOLLOW_EVERY_MS = 2_000
const LARGE = 300 // targets: their outcome is asked for less often
const LARGE_EVERY = 3

export interface SentActs {
  acts: Ref<readonly SentAct[]>
  add(draft: Draft): void
}

export function useSentActs(): SentActs {
  const acts = shallowRef<readonly SentAct[]>([])
  let turn = 0
  let asking = false

  function add(draft: Draft): void {
    if (draft.outcome === null) return
    const act: SentAct = {
      actId: draft.outcome.act_id,
      kind: draft.kind,
      text: draft.form.text.trim(),
      minutes: draft.kind === 'extend' ? draft.form.minutes : null,
      everybody: draft.everybody,
      sentAtMs: serverNowMs(),
      targets: draft.outcome.targets,
    }
    acts.value = remember(acts.value, act)
  }

  async function follow(): Promise<void> {
    if (asking) return
    asking = true
    turn += 1
    const due = acts.value.filter(
      (act) => isFollowed(act, serverNowMs()) && (act.targets.length < LARGE || turn % LARGE_EVERY === 0),
    )
    for (const act of due) {
      // A lost answer is no matter: the next round asks again.
      const outcome = await http.actOutcome(act.actId).catch(() => null)
      if (outcome !== null) acts.value = updated(acts.value, outcome)
    }
    asking = false
  }

  const timer = setInterval(() => void follow(), FOLLOW_EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  return { acts, add }
}
