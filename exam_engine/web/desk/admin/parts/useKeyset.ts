/** A list that comes a page at a time, looked for anew a moment after the question changed. */

import { asProblem, type Problem } from '@shared/problem'
import { onScopeDispose, type Ref, ref, shallowRef, watch } from 'vue'
import type { Page } from '../shapes'
import { useLogInAgain } from './useAsk'

const TYPING_MS = 250

export interface Keyset<Row, Cursor = number> {
  /** null until the first page is there. */
  rows: Ref<readonly Row[] | null>
  next: Ref<Cursor | null>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  more(): Promise<void>
  reload(): Promise<void>
  /** Put a row as the server now has it in the place of the one before, or on top. */
  put(row: Row): void
}

/** `fetchPage`: with `before` null the first page. `question`: whatever the page depends on. */
export function useKeyset<Row, Question, Cursor = number>(
  fetchPage: (question: Question, before: Cursor | null) => Promise<Page<Row, Cursor>>,
  question: () => Question,
  keyOf: (row: Row) => number,
): Keyset<Row, Cursor> {
  const rows = shallowRef<readonly Row[] | null>(null)
  const next = shallowRef<Cursor | null>(null)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const toLogIn = useLogInAgain()
  let run = 0 // an answer to a question that was left meanwhile is nobody's

  async function load(before: Cursor | null): Promise<void> {
    const mine = ++run
    busy.value = true
    try {
      const page = await fetchPage(question(), before)
      if (mine !== run) return
      rows.value = before === null ? page.rows : [...(rows.value ?? []), ...page.rows]
      next.value = page.next
      problem.value = null
    } catch (error) {
      if (mine !== run) return
      problem.value = asProblem(error)
      toLogIn(problem.value)
    } finally {
      if (mine === run) busy.value = false
    }
  }

  function put(row: Row): void {
    const held = rows.value ?? []
    const known = held.some((one) => keyOf(one) === keyOf(row))
    rows.value = known ? held.map((one) => (keyOf(one) === keyOf(row) ? row : one)) : [row, ...held]
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    () => JSON.stringify(question()),
    () => {
      clearTimeout(timer)
      timer = setTimeout(() => void load(null), TYPING_MS)
    },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    run += 1
  })
  void load(null)
  return { rows, next, busy, problem, more: () => load(next.value), reload: () => load(null), put }
}
