/** Typed values that survive a reload, and go at log-out. Never for passwords, codes or personal numbers. */
import { watch } from 'vue'
import { draftOf, forgetDraft, keepDraft } from '../drafts'

/** Values of a draft that are text; anything else somebody may have put there is nothing. */
export function readDraft<V extends Record<string, string>>(text: string, empty: V): V {
  try {
    const found = JSON.parse(text || '{}') as Record<string, unknown> | null
    const kept = Object.keys(empty).map((key) => [key, typeof found?.[key] === 'string' ? found[key] : empty[key]])
    return Object.fromEntries(kept) as V
  } catch {
    return { ...empty }
  }
}

/** Fill `values` (reactive) from the draft, and keep it as they change. */
export function useDraft<V extends Record<string, string>>(name: string, values: V): { drop: () => void } {
  Object.assign(values, readDraft(draftOf(name), { ...values }))
  let kept = true
  watch(values, (now) => kept && keepDraft(name, JSON.stringify(now)))
  return {
    drop: () => {
      kept = false
      forgetDraft(name)
    },
  }
}
